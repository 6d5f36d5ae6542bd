import { ConfigurationError } from '../config.ts';
import type { Reason } from '../reason.ts';
import { SweepAbortedError, SweepRunningError } from '../sweep/sweep-error.ts';
import { concernsOneSecret, VaultError } from '../vault/secret-vault.ts';
import { vaultReason } from '../vault/vault-remedy.ts';
import { CommandError, type ExitCode, exitCodes } from './result.ts';

/** A failure as it is told: cause and remedy, and what the shell gets. */
interface Explained extends Reason {
  readonly exitCode: ExitCode;
}

const optionOf: Readonly<Record<string, string>> = {
  CREDENTIALS_VAULT_URL: '--credentials-vault',
  TOKENS_VAULT_URL: '--tokens-vault',
  PUBLIC_URL: '--app-url',
};

function settingsRemedy({ faults }: ConfigurationError): string {
  const options = faults.flatMap(({ setting }) => optionOf[setting] ?? []);
  const others = options.length < faults.length ? 'Correct these environment variables' : 'Set them';
  return options.length === 0 ? `${others}.` : `${others}, or give ${options.join(' and ')}.`;
}

function explainVault(error: VaultError): Explained {
  // Any other failure says that the vault cannot be reached or does not let anybody in.
  const exitCode = concernsOneSecret(error) ? exitCodes.needsHuman : exitCodes.unreachable;
  return { exitCode, ...vaultReason(error, 'operator') };
}

/** Lines of a stack that name places in code; an error's own text may quote anything. */
function placesOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return (stack.match(/^\s+at .*$/gm) ?? []).slice(0, 5).join('\n');
}

/** Puts whatever was thrown into words; of an unexpected error only its name and where it was thrown. */
export function explain(error: unknown): Explained {
  if (error instanceof CommandError) {
    const { exitCode, code, message: cause, remedy } = error;
    return { exitCode, code, cause, remedy };
  }
  if (error instanceof ConfigurationError) {
    const cause = error.faults.map(({ setting, message }) => `${setting} ${message}`).join('; ');
    return { exitCode: exitCodes.usage, code: error.code, cause: `${cause}.`, remedy: settingsRemedy(error) };
  }
  if (error instanceof SweepAbortedError) {
    const { stage, vaultError, reason } = error;
    return { ...explainVault(vaultError), cause: `The sweep stopped at "${stage}": ${reason.cause}` };
  }
  if (error instanceof SweepRunningError) {
    const remedy =
      'Wait for its end, or name one account; with --force it is begun all the same, and nothing is lost.';
    return { exitCode: exitCodes.needsHuman, ...error.reason, remedy };
  }
  if (error instanceof VaultError) return explainVault(error);
  const name = error instanceof Error ? error.name : typeof error;
  if (name === 'ExitPromptError' || name === 'AbortPromptError') {
    const cause = 'The question was not answered, and nothing was done.';
    return { exitCode: exitCodes.needsHuman, code: 'not_answered', cause, remedy: 'Start it again.' };
  }
  return {
    exitCode: exitCodes.needsHuman,
    code: 'unexpected',
    cause: `Something went wrong that should not (${name}).\n${placesOf(error)}`,
    remedy: 'Report it with these lines; they hold no secret.',
  };
}
