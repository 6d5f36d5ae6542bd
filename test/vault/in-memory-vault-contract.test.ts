import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import { stillClock } from '../local/key-vault/harness.ts';
import { type Start, secretVaultContract } from './secret-vault-contract.ts';
import { secretVaultRefusalContract } from './secret-vault-refusal-contract.ts';

const start: Start = async (_, { hasty, ...options } = {}) => {
  const clock = stillClock();
  const vault = new InMemoryVault({ state: new VaultState({ clock, ...options }) });
  return { vault, clock, state: vault.state, faults: vault.faults };
};

secretVaultContract(start);
secretVaultRefusalContract(start);
