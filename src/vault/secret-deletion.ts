import type { SecretClient } from '@azure/keyvault-secrets';
import { createClient, type KeyVaultOptions } from './key-vault.ts';
import { nameFault } from './secret-limits.ts';
import { VaultError } from './secret-vault.ts';
import { toVaultError } from './vault-errors.ts';

/**
 * Deletes secrets of one Key Vault, for operators at the command line with rights of their own; the app has none to
 * delete, and no use for it.
 */
export class SecretDeletion {
  readonly url: string;
  readonly #client: SecretClient;

  constructor(options: KeyVaultOptions) {
    this.url = options.vaultUrl;
    this.#client = createClient(options);
  }

  /**
   * Deletes a secret with all its versions. A vault with soft-delete, which is every vault today, keeps it recoverable
   * for its retention time and takes some seconds; nobody waits for that here.
   *
   * @throws VaultError
   */
  async delete(name: string): Promise<void> {
    const target = { vaultUrl: this.url, operation: 'delete', secretName: name } as const;
    const fault = nameFault(name);
    if (fault !== undefined) throw new VaultError({ ...target, code: 'rejected', detail: fault });
    try {
      await this.#client.beginDeleteSecret(name);
    } catch (error) {
      throw toVaultError(target, error);
    }
  }
}
