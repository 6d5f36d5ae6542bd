import type { RunningSweep } from '../accounts/heartbeat.ts';
import type { Reason } from '../reason.ts';
import { type ByRole, distinctVaults } from '../refresh/environment.ts';
import { type EpochSeconds, isoTime } from '../time.ts';
import type { VaultError } from '../vault/secret-vault.ts';
import { vaultReason } from '../vault/vault-remedy.ts';
import type { PacedVault } from '../vault/write-pacer.ts';

/** Where a sweep was when its surroundings failed. */
export type SweepStage = 'list' | 'read' | 'probe' | 'refresh' | 'complete';

/** How often something was tried, and how long after the first try the last one failed. */
interface Tried {
  readonly tries: number;
  readonly seconds: number;
}

function triedWords({ tries, seconds }: Tried): string {
  const span = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return tries === 1 ? 'tried once' : `tried ${tries} times in ${span}`;
}

/** A sweep that could not be carried out because a vault failed; says which setting, vault and right. */
export class SweepAbortedError extends Error {
  override readonly name = 'SweepAbortedError';
  readonly code = 'sweep_aborted';
  readonly stage: SweepStage;
  readonly vaultError: VaultError;
  /** What failed, and how often and how long it was tried. */
  readonly reason: Reason;
  /** Before the first account, where what may pass is tried again; absent later. */
  readonly tried: Tried | undefined;

  constructor(stage: SweepStage, vaultError: VaultError, vaults: ByRole<PacedVault>, tried?: Tried) {
    const settings = distinctVaults(vaults)
      .filter(({ vault }) => vault.url === vaultError.vaultUrl)
      .map(({ setting }) => setting);
    const reason = vaultReason(vaultError);
    const cause = tried === undefined ? reason.cause : `${reason.cause}, ${triedWords(tried)}`;
    super(`The sweep stopped at "${stage}": ${cause} [${settings.join(', ')}]. ${reason.remedy}`);
    this.stage = stage;
    this.vaultError = vaultError;
    this.reason = { ...reason, cause };
    this.tried = tried;
  }
}

/** A whole sweep that was asked for is not begun, because one runs in another process. */
export class SweepRunningError extends Error implements RunningSweep {
  override readonly name = 'SweepRunningError';
  readonly since: EpochSeconds;
  readonly until: EpochSeconds;
  readonly reason: Reason;

  constructor({ since, until }: RunningSweep) {
    const cause = `Another process sweeps all accounts since ${isoTime(since)}, until ${isoTime(until)} at the latest.`;
    super(cause);
    this.since = since;
    this.until = until;
    const remedy =
      'Wait for its end, or refresh single accounts meanwhile. If its process has died, ask with force: nothing is lost if it has not.';
    this.reason = { code: 'sweep_running', cause, remedy };
  }
}
