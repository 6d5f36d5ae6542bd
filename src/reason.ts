/** Why something is not as it should be, in words that may be shown and counted: no free text from outside. */
export interface Reason {
  /** Stable word for counting: `AADSTS50173`, `registration_invalid`, `vault_forbidden`, `http_503`, … */
  readonly code: string;
  /** One short sentence: why. */
  readonly cause: string;
  /** One short sentence: what an operator does. */
  readonly remedy: string;
  /** Of the answer that told it, for the sign-in log. */
  readonly traceId?: string;
}

/** A reason that was found on this side of the wire. */
export const localReason = (code: string, cause: string, remedy: string): Reason => ({ code, cause, remedy });

/**
 * A defect of ours. The error's message stays out: nobody knows what it quotes.
 *
 * @param where it was met, as in "on this account"; default: nothing more is said
 */
export function defectReason(error: unknown, where?: string): Reason {
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: 'internal_error',
    cause: `The refresher met a defect of its own ${where === undefined ? '' : `${where} `}(${name}).`,
    remedy: 'Report it with the sweep id; the next sweep tries again.',
  };
}

/** The code that Node.js or a library has put on an error, like `ECONNRESET`; undefined without one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
