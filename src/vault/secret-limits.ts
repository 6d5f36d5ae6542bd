import { latestExpiry, maximumValueBytes } from '../accounts/secret.ts';
import type { SecretWrite } from './secret-vault.ts';

/** Why Key Vault knows no secret of this name, or undefined. The SDK would encode a slash and ask for another one. */
export function nameFault(name: string): string | undefined {
  return /^[0-9a-zA-Z-]{1,127}$/.test(name) ? undefined : 'a secret name is 1 to 127 of 0-9 a-z A-Z -';
}

/** Why Key Vault could not hold this version, or undefined. */
export function writeFault({ value, expiresAt }: SecretWrite): string | undefined {
  const size = value.byteLength;
  if (size > maximumValueBytes)
    return `${size} bytes, Key Vault holds at most ${maximumValueBytes} in one secret`;
  if (size === 0) return 'an empty value';
  if (expiresAt !== undefined && expiresAt > latestExpiry) return 'an expiry after 2038-01-19T03:14:07Z';
  return undefined;
}
