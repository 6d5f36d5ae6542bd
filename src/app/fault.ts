import { ConfigurationError } from '../config.ts';
import type { Reason } from '../reason.ts';
import { SweepAbortedError } from '../sweep/sweep-error.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { vaultReason } from '../vault/vault-remedy.ts';

/** Why the app cannot answer, for the people who run it. */
export interface Fault extends Reason {
  /** 500: the app is set up wrongly. 503: a vault failed. */
  readonly status: 500 | 503;
}

/** The fault behind an error; undefined for a bug, of whose message nobody knows what it quotes. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof ConfigurationError) {
    const remedy = 'Correct the app settings named in the cause.';
    return { status: 500, code: error.code, cause: error.message, remedy };
  }
  if (error instanceof SweepAbortedError) return { status: 503, ...error.reason };
  return error instanceof VaultError ? { status: 503, ...vaultReason(error) } : undefined;
}
