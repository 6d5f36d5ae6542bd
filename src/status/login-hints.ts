import { buildAccounts } from '../accounts/account.ts';
import { secretName } from '../accounts/account-id.ts';
import { parseRegistration } from '../accounts/registration.ts';
import { hasOtherHint } from '../sweep/account-status.ts';
import type { ListedVaults } from '../sweep/listing.ts';
import { ignoringVaultErrors, type SecretVault } from '../vault/secret-vault.ts';

/** So many registrations are read for one look at the status; the others are told without their hint. */
const mostRead = 20;

/**
 * The login hints of accounts that have another one than their user consented under, by account. A listing shows only
 * hashes of them, because everybody who lists secrets reads tags; a registration that cannot be read is left out.
 */
export async function changedLoginHints(
  vault: SecretVault,
  { credentials, tokens }: ListedVaults,
): Promise<ReadonlyMap<string, string>> {
  const changed = buildAccounts(credentials, tokens).filter(
    (account) => account.registration?.enabled === true && hasOtherHint(account),
  );
  const read = changed.slice(0, mostRead).map(async ({ id }) => {
    const stored = await ignoringVaultErrors(vault.get(secretName('registration', id)));
    const parsed = stored && parseRegistration(stored.value);
    const loginHint = parsed?.ok === true ? parsed.registration.loginHint : undefined;
    return loginHint === undefined ? [] : [[id, loginHint] as const];
  });
  return new Map((await Promise.all(read)).flat());
}
