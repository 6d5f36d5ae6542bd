/** What the app and the command line ask of a vault's secrets; `get_deleted` is the SDK's way to end a deletion. */
export type VaultWireOperation =
  | 'list'
  | 'get'
  | 'set'
  | 'update'
  | 'delete'
  | 'list_versions'
  | 'get_deleted';

/** `name` is absent where the request names no secret. */
export interface VaultRequest {
  readonly operation: VaultWireOperation;
  readonly name?: string;
}
