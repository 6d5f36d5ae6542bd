import type { DeletionPhase } from './soft-delete.ts';
import type { VaultRequest } from './vault-request.ts';

interface RefusalDetails {
  readonly status: number;
  readonly code: string;
  readonly innerCode?: string;
  readonly message: string;
  /** Absent on Key Vault's own 429 as far as is known. */
  readonly retryAfterSeconds?: number;
}

/** A request that Key Vault refuses: HTTP status, error code, inner error code and message as on the wire. */
export class KeyVaultRefusal extends Error {
  override readonly name = 'KeyVaultRefusal';
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

export function badParameter(message: string): KeyVaultRefusal {
  return new KeyVaultRefusal({ status: 400, code: 'BadParameter', message });
}

/** @param hasToken a token came with the request, and is none for this vault (Azure/azure-sdk-for-js #13036) */
export function unauthorized(hasToken: boolean): KeyVaultRefusal {
  const message = hasToken
    ? 'AKV10032: Invalid issuer. Expected one of https://sts.windows.net/00000000-0000-0000-0000-000000000000/, found https://sts.windows.net/00000000-0000-0000-0000-000000000001/.'
    : 'AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.';
  return new KeyVaultRefusal({ status: 401, code: 'Unauthorized', message });
}

export function secretNotFound(name: string): KeyVaultRefusal {
  const message = `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`;
  return new KeyVaultRefusal({ status: 404, code: 'SecretNotFound', message });
}

export function deletedSecretNotFound(name: string): KeyVaultRefusal {
  return new KeyVaultRefusal({
    status: 404,
    code: 'SecretNotFound',
    message: `Deleted Secret not found: ${name}`,
  });
}

export function secretDisabled(): KeyVaultRefusal {
  const message = 'Operation get is not allowed on a disabled secret.';
  return new KeyVaultRefusal({ status: 403, code: 'Forbidden', innerCode: 'SecretDisabled', message });
}

export function methodNotAllowed(method: string): KeyVaultRefusal {
  return new KeyVaultRefusal({
    status: 405,
    code: 'MethodNotAllowed',
    message: `HTTP ${method} not allowed`,
  });
}

/** A name that cannot be used now: what its secret is in the middle of (the sources: test/vectors/key-vault). */
export function nameConflict(name: string, phase: DeletionPhase): KeyVaultRefusal {
  const { innerCode, says } = conflicts[phase];
  return new KeyVaultRefusal({
    status: 409,
    code: 'Conflict',
    innerCode,
    message: `Secret ${name} is ${says}`,
  });
}

const conflicts: Record<DeletionPhase, { readonly innerCode: string; readonly says: string }> = {
  being_deleted: {
    innerCode: 'ObjectIsBeingDeleted',
    says: 'currently being deleted and cannot be re-created; retry later.',
  },
  deleted: {
    innerCode: 'ObjectIsDeletedButRecoverable',
    says: 'currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.',
  },
  being_recovered: {
    innerCode: 'ObjectIsBeingRecovered',
    says: 'currently being recovered and cannot be re-created; retry later.',
  },
};

export function throttled(retryAfterSeconds?: number): KeyVaultRefusal {
  return new KeyVaultRefusal({
    status: 429,
    code: 'Throttled',
    message:
      'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/**
 * A vault that is read-only after a regional failover (MSEndpointMgr/CloudLAPS #70, Azure/azure-cli #25693).
 * assumed: the operation's word for anything but a PUT.
 */
export function vaultIsReadOnly(operation: VaultRequest['operation']): KeyVaultRefusal {
  const word = `Secret${operation[0]?.toUpperCase()}${operation.slice(1)}`;
  const message = `Operation "${word}" is unavailable: the service is currently in a read-only state.`;
  return new KeyVaultRefusal({ status: 503, code: 'ServiceUnavailable', message });
}

const dataActions: Record<VaultRequest['operation'], string> = {
  list: 'readMetadata/action',
  list_versions: 'readMetadata/action',
  get_deleted: 'readMetadata/action',
  get: 'getSecret/action',
  set: 'setSecret/action',
  update: 'update/action',
  delete: 'delete',
};

/** Laid out as in piyushsachdeva/Terraform_AKS #2; the ids are those of the local environment. */
export function forbiddenByRbac(request: VaultRequest): KeyVaultRefusal {
  const object = request.name === undefined ? '' : `/secrets/${request.name}`;
  const message = [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    'Caller: appid=00000000-0000-0000-0000-00000000a991;oid=00000000-0000-0000-0000-000000000b1d;iss=https://sts.windows.net/00000000-0000-0000-0000-000000000000/',
    `Action: 'Microsoft.KeyVault/vaults/secrets/${dataActions[request.operation]}'`,
    `Resource: '/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/local/providers/microsoft.keyvault/vaults/local${object}'`,
    'Assignment: (not found)',
    'DenyAssignmentId: null',
    "DecisionReason: 'DeniedWithNoValidRBAC' ",
    'Vault: local;location=local',
    '',
  ].join('\r\n');
  return new KeyVaultRefusal({ status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac', message });
}
