import type { PipelineResponse } from '@azure/core-rest-pipeline';
import { parseJsonObject } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { errorCode } from '../reason.ts';
import { VaultError, type VaultErrorCode, type VaultOperation } from './secret-vault.ts';

/**
 * The vault answered with a refusal. Taken from the raw answer: the SDK's own error holds the request with value
 * and bearer token, and loses the status when the body is empty.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  /** The same under the SDK's name for it, by which the poller of a deletion knows that it goes on. */
  readonly statusCode: number;
  /** The inner error code like `ForbiddenByRbac`, else `AKV10032` of the text, else the outer one. */
  readonly vaultCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** The vault serves reads only, after a regional failover. */
  readonly isReadOnly: boolean;
  /** Somebody between here and the vault answered in its place. */
  readonly isForeign: boolean;

  constructor(response: PipelineResponse) {
    super('The vault refused.');
    this.status = response.status;
    this.statusCode = response.status;
    const error = errorOf(response.bodyAsText);
    const message = typeof error?.message === 'string' ? error.message : '';
    const [platformCode] = /\bAKV\d{5}\b/.exec(message) ?? [];
    this.vaultCode = codeWord(error?.innererror?.code) ?? platformCode ?? codeWord(error?.code);
    this.retryAfterSeconds = retryAfterSeconds(response);
    this.isReadOnly = isReadOnlyRefusal(response.status, message);
    this.isForeign = isForeign(response);
  }
}

/** A write got no answer; whether it happened is open unless the socket's error code says otherwise. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
  /** The socket's error code; kept under another name than `code`, by which the SDK would retry. */
  readonly networkCode: string;

  constructor(networkCode: string) {
    super('The vault did not answer.');
    this.networkCode = networkCode;
  }
}

/** A call that was given up on this side: there is no token for the vault, or a listing will not come to its end. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
  readonly vaultErrorCode: 'unauthenticated' | 'incomplete_listing';
  /** Why, in words of ours. */
  readonly reason: string;

  constructor(vaultErrorCode: GivenUpError['vaultErrorCode'], reason: string) {
    super(`The call was given up: ${reason}.`);
    this.vaultErrorCode = vaultErrorCode;
    this.reason = reason;
  }
}

/** A code is a word; any other text of an answer or an error is not repeated, it may hold anything. */
export function codeWord(code: unknown): string | undefined {
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
}

/** Undefined without the header, and for one that is no positive number of seconds. */
export function retryAfterSeconds({ headers }: PipelineResponse): number | undefined {
  const seconds = Number(headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/**
 * The one refusal that only its text tells from another: a vault that is down answers 503 `ServiceUnavailable`, too
 * (MSEndpointMgr/CloudLAPS #70).
 */
export function isReadOnlyRefusal(status: number, message: string): boolean {
  return status === 503 && /read-only state/i.test(message);
}

/**
 * Key Vault refuses in JSON. HTML comes from a proxy, a firewall or whatever else a wrong name or route leads to
 * (Azure/azure-sdk-for-net #13037); so do a redirect, a 407, and a 401 without the challenge that would have brought a
 * token.
 */
function isForeign({ status, headers, request, bodyAsText }: PipelineResponse): boolean {
  if (status < 400 || status === 407 || (status === 401 && !request.headers.has('authorization')))
    return true;
  return status < 500 && (/html/i.test(headers.get('content-type') ?? '') || /^\s*</.test(bodyAsText ?? ''));
}

interface ErrorBody {
  readonly error?: {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly innererror?: { readonly code?: unknown };
  };
}

function errorOf(body: string | null | undefined): ErrorBody['error'] {
  // Each part that is used is looked at before.
  return (parseJsonObject(body ?? '') as ErrorBody | undefined)?.error;
}

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

type VaultRefusal = Pick<RefusedError, 'status' | 'vaultCode' | 'retryAfterSeconds'> &
  Partial<Pick<RefusedError, 'isReadOnly' | 'isForeign'>>;

const isWrite = (operation: VaultOperation): boolean => operation === 'set' || operation === 'update';

function codeOf({ status, vaultCode, isReadOnly = false, isForeign = false }: VaultRefusal): VaultErrorCode {
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
export function refused(target: VaultTarget, refusal: VaultRefusal): VaultError {
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
  if (error instanceof GivenUpError)
    return new VaultError({ ...target, code: error.vaultErrorCode, detail: error.reason });
  const isAborted = error instanceof Error && error.name === 'AbortError';
  return unanswered(
    target,
    isAborted ? 'no answer in time' : (codeWord(errorCode(error)) ?? 'no usable answer'),
  );
}
