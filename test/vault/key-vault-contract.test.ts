import { startVault } from './harness.ts';
import { type Start, secretVaultContract } from './secret-vault-contract.ts';
import { secretVaultRefusalContract } from './secret-vault-refusal-contract.ts';

const start: Start = (t, { hasty = false, ...options } = {}) =>
  startVault(t, { ...options, ...(hasty ? { callLimitMilliseconds: 1000 } : {}) });

secretVaultContract(start);
secretVaultRefusalContract(start);
