import type { SecretVault, SecretWrite } from './secret-vault.ts';
import type { WritePacer, WritePermit } from './write-pacer.ts';

/** One vault with the pacer of its writes. Where both roles name one vault, both hold the same object. */
export interface PacedVault {
  readonly vault: SecretVault;
  readonly pacer: WritePacer;
  /** The app setting that names the vault, for messages. */
  readonly setting: 'CREDENTIALS_VAULT_URL' | 'TOKENS_VAULT_URL';
}

/**
 * Makes a new version of a secret and gives its id. Nothing else in the app calls a vault's `set`.
 *
 * @throws VaultError
 * @throws Error when the permit was used before or is another vault's: a bug
 */
export function setWithPermit(
  { vault, pacer }: PacedVault,
  permit: WritePermit,
  name: string,
  write: SecretWrite,
): Promise<string> {
  return pacer.send(permit, () => vault.set(name, write));
}
