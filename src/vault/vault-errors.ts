import {
  VaultError,
  type VaultErrorCode,
  type VaultErrorDetails,
  type VaultOperation,
} from './secret-vault.ts';
import { WriteAttemptError } from './write-policies.ts';

/** Socket errors that prove the vault never saw the request. */
const notSent = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Errors of @azure/identity: no token for the vault could be had. */
const identityErrors = new Set([
  'CredentialUnavailableError',
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
]);

interface Target {
  readonly vaultUrl: string;
  readonly operation: VaultOperation;
  readonly secretName?: string;
}

interface RestErrorShape {
  readonly name?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly details?: { readonly error?: { readonly innererror?: { readonly code?: string } } };
}

const isWrite = (operation: VaultOperation): boolean => operation === 'set' || operation === 'update';

function codeOfStatus(status: number, inner: string | undefined): VaultErrorCode {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return inner === 'SecretDisabled' ? 'disabled' : 'forbidden';
  if (status === 409) return 'deleted';
  if (status === 429) return 'throttled';
  return status === 408 || status >= 500 ? 'unreachable' : 'rejected';
}

function fromStatus(target: Target, status: number, inner: string | undefined): VaultErrorDetails {
  const code = codeOfStatus(status, inner);
  return {
    ...target,
    code,
    writeMayHaveHappened: isWrite(target.operation) && code === 'unreachable',
    detail: inner === undefined ? `HTTP ${status}` : `HTTP ${status} ${inner}`,
  };
}

function fromWriteAttempt(target: Target, error: WriteAttemptError): VaultErrorDetails {
  const { status, networkCode, retryAfterSeconds } = error;
  if (status === undefined) return fromNetwork(target, networkCode ?? 'no answer');
  return {
    ...fromStatus(target, status, undefined),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

function fromNetwork(target: Target, code: string): VaultErrorDetails {
  const writeMayHaveHappened = isWrite(target.operation) && !notSent.has(code);
  return { ...target, code: 'unreachable', writeMayHaveHappened, detail: code };
}

/** The vault's inner error code is a word like `ForbiddenByRbac`; anything else is not repeated. */
function innerCode(error: RestErrorShape): string | undefined {
  const inner = error.details?.error?.innererror?.code;
  return typeof inner === 'string' && /^\w{1,64}$/.test(inner) ? inner : undefined;
}

function describe(target: Target, error: unknown): VaultErrorDetails {
  if (error instanceof WriteAttemptError) return fromWriteAttempt(target, error);
  const shape = (typeof error === 'object' && error !== null ? error : {}) as RestErrorShape;
  if (identityErrors.has(shape.name ?? ''))
    return { ...target, code: 'unauthenticated', detail: shape.name ?? '' };
  if (shape.name === 'AbortError' || shape.name === 'TimeoutError')
    return fromNetwork(target, 'no answer in time');
  if (typeof shape.statusCode === 'number') return fromStatus(target, shape.statusCode, innerCode(shape));
  return fromNetwork(target, typeof shape.code === 'string' ? shape.code : 'connection failed');
}

/**
 * Reduces whatever the SDK threw to a {@link VaultError}. Texts of the SDK and the vault are not taken over: they
 * hold object ids and may hold more.
 */
export function toVaultError(target: Target, error: unknown): VaultError {
  return error instanceof VaultError ? error : new VaultError({ ...describe(target, error), cause: error });
}
