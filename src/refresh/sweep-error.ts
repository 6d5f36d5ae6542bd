import type { VaultError } from '../vault/secret-vault.ts';
import type { PacedVault } from './environment.ts';
import type { SweepStage } from './sweep-state.ts';
import { vaultRemedy } from './vault-remedy.ts';

/** A sweep that could not be carried out because a vault failed; says which setting, vault and right. */
export class SweepAbortedError extends Error {
  override readonly name = 'SweepAbortedError';
  readonly code = 'sweep_aborted';
  readonly stage: SweepStage;
  readonly vaultError: VaultError;
  readonly remedy: string;

  constructor(stage: SweepStage, vaultError: VaultError, vaults: readonly PacedVault[]) {
    const settings = vaults
      .filter(({ vault }) => vault.url === vaultError.vaultUrl)
      .map(({ setting }) => setting);
    const remedy = vaultRemedy(vaultError);
    super(`The sweep stopped at "${stage}": ${vaultError.message} [${settings.join(', ')}]. ${remedy}`);
    this.stage = stage;
    this.vaultError = vaultError;
    this.remedy = remedy;
  }
}
