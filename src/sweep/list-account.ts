import { publishedFor } from '../accounts/access-token-secret.ts';
import { accessTokenName, accountIdFault, secretName } from '../accounts/account-id.ts';
import { credentialSecretOf } from '../accounts/client-authentication.ts';
import { parseRegistration } from '../accounts/registration.ts';
import { readSummary } from '../accounts/registration-summary.ts';
import type { ListedSecret, StoredSecret } from '../accounts/secret.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { type SecretVault, VaultError } from '../vault/secret-vault.ts';
import type { Listings } from './listing.ts';

/** The secret as a listing shows it: a disabled one, too, of which reading tells nothing but that. */
async function readListed(
  vault: SecretVault,
  name: string,
): Promise<ListedSecret | StoredSecret | undefined> {
  try {
    return await vault.get(name);
  } catch (error) {
    if (!(error instanceof VaultError && error.code === 'disabled')) throw error;
    return { name, enabled: false, tags: {}, createdAt: 0, updatedAt: 0 };
  }
}

/** A registration has few versions, so those of one that is paused may be listed for its tags. */
async function readRegistration(
  vault: SecretVault,
  id: string,
): Promise<ListedSecret | StoredSecret | undefined> {
  const name = secretName('registration', id);
  const found = await readListed(vault, name);
  if (found === undefined || found.enabled) return found;
  const versions = await vault.versions(name);
  return versions.reduce<ListedSecret>(
    (last, next) => (next.createdAt >= last.createdAt ? next : last),
    found,
  );
}

/** The secrets that a registration names, as far as it can be read, and those that the last sweep read in it. */
function namedIn(registration: ListedSecret | StoredSecret | undefined) {
  const parsed = registration && 'value' in registration ? parseRegistration(registration.value) : undefined;
  const summary = readSummary(registration?.tags ?? {});
  const known = parsed?.ok ? parsed.registration : undefined;
  const tokens = [...(known?.tokens.flatMap(({ name }) => name ?? []) ?? []), ...(summary?.tokens ?? [])];
  const credential = known ? credentialSecretOf(known.clientAuthentication) : summary?.credentialSecret;
  return { tokens: [...new Set(tokens)], credential };
}

const isFound = <T>(found: T | undefined): found is T => found !== undefined;

/** Registrations of the other accounts that published under these names, by the secrets' own word. */
function registrationsOfOthers(vault: SecretVault, id: string, published: readonly ListedSecret[]) {
  const owners = new Set(published.map(({ tags }) => publishedFor(tags) ?? id));
  owners.delete(id);
  const others = [...owners].filter((owner) => accountIdFault(owner) === undefined);
  return Promise.all(others.map((owner) => readRegistration(vault, owner)));
}

/**
 * What the two listings would show of one account, its client's credential, and who else publishes under its names,
 * read secret by secret: a vault may hold a hundred thousand. Empty for an account that nobody knows.
 *
 * @throws VaultError of the vault that failed
 */
export async function listAccount(
  { credentials, tokens }: RefreshEnvironment,
  id: string,
): Promise<Listings> {
  if (accountIdFault(id) !== undefined) return new Map();
  const { vault } = credentials;
  const [registration, refreshToken, unnamed] = await Promise.all([
    readRegistration(vault, id),
    readListed(vault, secretName('refreshToken', id)),
    readListed(tokens.vault, accessTokenName(id)),
  ]);
  const named = namedIn(registration);
  const [credential, ...further] = await Promise.all([
    named.credential === undefined ? undefined : readListed(vault, named.credential),
    ...named.tokens.map((name) => readListed(tokens.vault, accessTokenName(id, name))),
  ]);
  const published = [unnamed, ...further].filter(isFound);
  const others = await registrationsOfOthers(vault, id, published);
  const held = [registration, refreshToken, credential, ...others].filter(isFound);
  const listing = (secrets: readonly ListedSecret[]) => ({
    secrets,
    pages: 0,
    emptyPages: 0,
    durationMilliseconds: 0,
  });
  return vault === tokens.vault
    ? new Map([[vault, listing([...held, ...published])]])
    : new Map([
        [vault, listing(held)],
        [tokens.vault, listing(published)],
      ]);
}
