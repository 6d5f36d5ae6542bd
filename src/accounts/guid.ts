const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a GUID in either case. */
export function isGuid(value: unknown): value is string {
  return typeof value === 'string' && guid.test(value);
}
