import type { StoredSecret } from '../accounts/secret.ts';
import type { Sensitive } from '../sensitive.ts';
import { VaultError } from '../vault/secret-vault.ts';

/** Surrounding blanks and line ends, the usual trace of `echo secret | az …`; Entra takes values literally. */
export function hasStrayWhitespace(value: Sensitive): boolean {
  const text = value.reveal();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /^\s|\s$|[\u0000-\u001f\u007f]/.test(text);
}

/** The vault's answer, or undefined for a secret that is gone or disabled. */
export async function readIfEnabled(
  read: () => Promise<StoredSecret | undefined>,
): Promise<StoredSecret | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof VaultError && error.code === 'disabled') return undefined;
    throw error;
  }
}
