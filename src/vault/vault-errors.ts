import { omitUndefined } from '../omit-undefined.ts';
import {
  codeWord,
  IncompleteListingError,
  NoTokenError,
  RefusedError,
  UnansweredError,
} from './call-failures.ts';
import { VaultError, type VaultErrorCode, type VaultOperation } from './secret-vault.ts';

/** The proxy on the way made no connection to the vault. */
export const proxyRefused = 'PROXY_REFUSED';

/** Socket errors that prove the vault never saw the request. */
const notSent = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  proxyRefused,
]);

/** What was asked, of which vault. */
interface VaultTarget {
  readonly vaultUrl: string;
  readonly operation: VaultOperation;
  readonly secretName?: string;
}

type Refusal = Pick<RefusedError, 'status' | 'vaultCode' | 'retryAfterSeconds'> &
  Partial<Pick<RefusedError, 'isReadOnly' | 'isForeign'>>;

const isWrite = (operation: VaultOperation): boolean => operation === 'set' || operation === 'update';

function codeOf({ status, vaultCode, isReadOnly = false, isForeign = false }: Refusal): VaultErrorCode {
  if (isForeign) return 'intercepted';
  if (isReadOnly) return 'read_only';
  if (status === 401) return 'token_refused';
  if (status === 403) return vaultCode === 'SecretDisabled' ? 'disabled' : 'forbidden';
  // Every other 409 was seen to pass within seconds, also after the secret could be read again, and after a purge
  // (hashicorp/terraform-provider-azurerm #12285, #12432; Azure/azure-sdk-for-net #31581).
  if (status === 409) return vaultCode === 'ObjectIsDeletedButRecoverable' ? 'deleted' : 'conflict';
  if (status === 429) return 'throttled';
  return status === 408 || status >= 500 ? 'unreachable' : 'rejected';
}

/** The vault answered with a refusal. */
export function refused(target: VaultTarget, refusal: Refusal): VaultError {
  const { status, vaultCode, retryAfterSeconds } = refusal;
  const code = codeOf(refusal);
  return new VaultError({
    ...target,
    code,
    status,
    writeMayHaveHappened: isWrite(target.operation) && code === 'unreachable',
    detail: vaultCode === undefined ? `HTTP ${status}` : `HTTP ${status} ${vaultCode}`,
    ...omitUndefined({ vaultCode, retryAfterSeconds }),
  });
}

/** The vault gave no usable answer. `detail` is the socket's error code, where there is one. */
export function unanswered(target: VaultTarget, detail: string): VaultError {
  const writeMayHaveHappened = isWrite(target.operation) && !notSent.has(detail);
  const code = detail === proxyRefused ? 'intercepted' : 'unreachable';
  return new VaultError({ ...target, code, writeMayHaveHappened, detail });
}

/**
 * Reduces whatever the SDK threw to a {@link VaultError}. Neither texts of the SDK and the vault nor the error
 * itself are taken over: they hold object ids, the request's value and its bearer token.
 */
export function toVaultError(target: VaultTarget, error: unknown): VaultError {
  if (error instanceof VaultError) return error;
  if (error instanceof RefusedError) return refused(target, error);
  if (error instanceof UnansweredError) return unanswered(target, error.networkCode);
  if (error instanceof NoTokenError)
    return new VaultError({ ...target, code: 'unauthenticated', detail: error.reason });
  if (error instanceof IncompleteListingError)
    return new VaultError({ ...target, code: 'incomplete_listing', detail: error.reason });
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return unanswered(
    target,
    name === 'AbortError' ? 'no answer in time' : (codeWord(code) ?? 'no usable answer'),
  );
}
