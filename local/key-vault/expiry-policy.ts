import { secondsPerDay } from '../../src/time.ts';
import type { SecretVersion } from './secret-history.ts';
import { KeyVaultRefusal } from './vault-refusal.ts';

/**
 * What Azure Policy with the effect Deny demands of a vault's secrets. The rules are those of the built-in definitions
 * "Key Vault secrets should have an expiration date" (98728c90-32c7-4049-8429-847dc0f4fe37) and "Secrets should have
 * the specified maximum validity period" (342e8053-e12e-4c44-be01-c3c2f318400f; repository Azure/azure-policy): the
 * second counts from the version's `createdOn`, and refuses a secret without an expiry, too.
 */
export interface ExpiryPolicy {
  readonly requiresExpiry?: boolean;
  readonly maximumValidityDays?: number;
}

function isDenied(policy: ExpiryPolicy, { createdAt, expiresAt }: SecretVersion): boolean {
  const { requiresExpiry = false, maximumValidityDays: days } = policy;
  if (expiresAt === undefined) return requiresExpiry || days !== undefined;
  return days !== undefined && expiresAt > createdAt + days * secondsPerDay;
}

/**
 * Throws 403 for a version that the policy denies. Seen: 403 (Forbidden) of a PUT (packer-plugin-azure #235).
 * assumed: without an inner code, and of a PATCH, too, whatever it changes.
 */
export function checkExpiryPolicy(policy: ExpiryPolicy | undefined, version: SecretVersion): void {
  if (policy === undefined || !isDenied(policy, version)) return;
  const message = 'The operation is not allowed by Azure Policy.';
  throw new KeyVaultRefusal({ status: 403, code: 'Forbidden', message });
}
