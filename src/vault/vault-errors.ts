import { codeWord, NoTokenError, RefusedError, UnansweredError } from './call-failures.ts';
import { VaultError, type VaultErrorCode, type VaultOperation } from './secret-vault.ts';

/** Socket errors that prove the vault never saw the request. */
const notSent = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What was asked, of which vault. */
export interface VaultTarget {
  readonly vaultUrl: string;
  readonly operation: VaultOperation;
  readonly secretName?: string;
}

type Refusal = Pick<RefusedError, 'status' | 'vaultCode' | 'retryAfterSeconds'>;

const isWrite = (operation: VaultOperation): boolean => operation === 'set' || operation === 'update';

function codeOf({ status, vaultCode }: Refusal): VaultErrorCode {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return vaultCode === 'SecretDisabled' ? 'disabled' : 'forbidden';
  if (status === 409) return 'deleted';
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
    writeMayHaveHappened: isWrite(target.operation) && code === 'unreachable',
    detail: vaultCode === undefined ? `HTTP ${status}` : `HTTP ${status} ${vaultCode}`,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/** The vault gave no usable answer. `detail` is the socket's error code, where there is one. */
export function unanswered(target: VaultTarget, detail: string): VaultError {
  const writeMayHaveHappened = isWrite(target.operation) && !notSent.has(detail);
  return new VaultError({ ...target, code: 'unreachable', writeMayHaveHappened, detail });
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
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return unanswered(
    target,
    name === 'AbortError' ? 'no answer in time' : (codeWord(code) ?? 'no usable answer'),
  );
}
