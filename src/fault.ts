import { ConfigurationError } from './config.ts';
import { SweepAbortedError } from './refresh/sweep-error.ts';
import { vaultRemedy } from './refresh/vault-remedy.ts';
import { VaultError } from './vault/secret-vault.ts';

/** Why the app cannot answer, for the people who run it. */
export interface Fault {
  /** 500: the app is set up wrongly. 503: a vault failed. */
  readonly status: 500 | 503;
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
}

/** The fault behind an error; undefined for a bug, of whose message nobody knows what it quotes. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof ConfigurationError) {
    const remedy = 'Correct the app settings named in the cause.';
    return { status: 500, code: error.code, cause: error.message, remedy };
  }
  const aborted = error instanceof SweepAbortedError ? error : undefined;
  const vaultError = aborted?.vaultError ?? error;
  if (!(vaultError instanceof VaultError)) return undefined;
  return {
    status: 503,
    code: `vault_${vaultError.code}`,
    cause: aborted?.causeText ?? vaultError.message,
    remedy: vaultRemedy(vaultError),
  };
}
