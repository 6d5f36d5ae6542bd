/** A user of Entra: home tenant and object id, in lower case. */
export interface User {
  readonly tenantId: string;
  readonly objectId: string;
}

/** Entra writes GUIDs in either case. */
export function sameUser(a: User, b: User): boolean {
  return (
    a.tenantId.toLowerCase() === b.tenantId.toLowerCase() &&
    a.objectId.toLowerCase() === b.objectId.toLowerCase()
  );
}
