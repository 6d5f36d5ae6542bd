import type { VaultRequest } from './vault-faults.ts';

export interface RefusalDetails {
  readonly status: number;
  readonly code: string;
  readonly innerCode?: string;
  readonly message: string;
  /** Absent on Key Vault's own 429 as far as is known. */
  readonly retryAfterSeconds?: number;
}

/** A request that Key Vault refuses: HTTP status, error code, inner error code and message as on the wire. */
export class VaultRefusal extends Error {
  override readonly name = 'VaultRefusal';
  readonly status: number;
  readonly code: string;
  readonly innerCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(details: RefusalDetails) {
    super(details.message);
    this.status = details.status;
    this.code = details.code;
    this.innerCode = details.innerCode;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

export function badParameter(message: string): VaultRefusal {
  return new VaultRefusal({ status: 400, code: 'BadParameter', message });
}

/** @param hasToken a token came with the request, and is none for this vault (Azure/azure-sdk-for-js #13036) */
export function unauthorized(hasToken: boolean): VaultRefusal {
  const message = hasToken
    ? 'AKV10032: Invalid issuer. Expected one of https://sts.windows.net/00000000-0000-0000-0000-000000000000/, found https://sts.windows.net/00000000-0000-0000-0000-000000000001/.'
    : 'AKV10000: Request is missing a Bearer or PoP token.';
  return new VaultRefusal({ status: 401, code: 'Unauthorized', message });
}

export function secretNotFound(name: string): VaultRefusal {
  const message = `A secret with (name/id) ${name} was not found in this key vault.`;
  return new VaultRefusal({ status: 404, code: 'SecretNotFound', message });
}

export function deletedSecretNotFound(name: string): VaultRefusal {
  return new VaultRefusal({
    status: 404,
    code: 'SecretNotFound',
    message: `Deleted Secret not found: ${name}`,
  });
}

export function secretDisabled(): VaultRefusal {
  const message = 'Operation get is not allowed on a disabled secret.';
  return new VaultRefusal({ status: 403, code: 'Forbidden', innerCode: 'SecretDisabled', message });
}

export function conflict(innerCode: string, message: string): VaultRefusal {
  return new VaultRefusal({ status: 409, code: 'Conflict', innerCode, message });
}

export function throttled(retryAfterSeconds?: number): VaultRefusal {
  return new VaultRefusal({
    status: 429,
    code: 'Throttled',
    message: 'Too many requests for this vault. Reason: VaultRequestTypeLimitReached',
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/**
 * A vault that is read-only after a regional failover (MSEndpointMgr/CloudLAPS #70, Azure/azure-cli #25693).
 * assumed: the operation's word for anything but a PUT.
 */
export function vaultIsReadOnly(operation: VaultRequest['operation']): VaultRefusal {
  const word = `Secret${operation[0]?.toUpperCase()}${operation.slice(1)}`;
  const message = `Operation "${word}" is unavailable: the service is currently in a read-only state.`;
  return new VaultRefusal({ status: 503, code: 'ServiceUnavailable', message });
}

const dataActions: Record<VaultRequest['operation'], string> = {
  list: 'readMetadata/action',
  list_versions: 'readMetadata/action',
  list_deleted: 'readMetadata/action',
  get_deleted: 'readMetadata/action',
  get: 'getSecret/action',
  set: 'setSecret/action',
  update: 'update/action',
  delete: 'delete',
  recover: 'recover/action',
  purge: 'purge/action',
  backup: 'backup/action',
  restore: 'restore/action',
};

/** assumed: the layout of the resource path and of a caller that is the local managed identity. */
export function forbiddenByRbac(request: VaultRequest): VaultRefusal {
  const object = request.name === undefined ? '' : `/secrets/${request.name}`;
  const message = [
    'Caller is not authorized to perform action on resource.',
    'Caller: appid=00000000-0000-0000-0000-00000000a991;oid=00000000-0000-0000-0000-000000000b1d;iss=https://sts.windows.net/local/',
    `Action: 'Microsoft.KeyVault/vaults/secrets/${dataActions[request.operation]}'`,
    `Resource: '/subscriptions/local/resourcegroups/local/providers/microsoft.keyvault/vaults/local${object}'`,
    'Assignment: (not found)',
    "DecisionReason: 'DeniedWithNoValidRBAC'",
    'Vault: local;location=local',
  ].join('\r\n');
  return new VaultRefusal({ status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac', message });
}
