import { accessTokenName, publishedFor } from '../accounts/access-token-secret.ts';
import { accountIdFault, secretName } from '../accounts/account-id.ts';
import { credentialSecretOf } from '../accounts/client-authentication.ts';
import { parseRegistration } from '../accounts/registration.ts';
import { readSummary } from '../accounts/registration-summary.ts';
import type { ListedSecret, StoredSecret } from '../accounts/secret.ts';
import { type ByRole, type RefreshEnvironment, withVaults } from '../refresh/environment.ts';
import { Deadline, nowSeconds } from '../time.ts';
import { persistently } from '../vault/durable-write.ts';
import { withReadAhead } from '../vault/read-ahead.ts';
import { type SecretVault, VaultError, type VaultListing } from '../vault/secret-vault.ts';

/** The complete listings of both vaults; no value of a secret is in them. */
export type Listings = ByRole<VaultListing>;
/** The secrets in them. */
export type ListedVaults = ByRole<readonly ListedSecret[]>;

/**
 * Lists both vaults completely, at the same time, for somebody who waits for it. No value is read.
 *
 * @param limitSeconds in which it must be over, repeats included; default none
 * @throws VaultError of the vault that failed
 */
export function listVaults(
  environment: RefreshEnvironment,
  limitSeconds = Number.POSITIVE_INFINITY,
): Promise<ListedVaults> {
  const { clock } = environment;
  const deadline = new Deadline(clock, nowSeconds(clock) + limitSeconds);
  const list = (vault: SecretVault) => persistently(clock, () => vault.list(deadline.leftMilliseconds));
  return withVaults(environment, async ({ vault }) => (await list(vault)).secrets);
}

/** What is read in place of a listing; undefined when there is none. */
type Read = ListedSecret | StoredSecret | undefined;

/** The secret as a listing shows it: a disabled one, too, of which reading tells nothing but that. */
async function readListed(vault: SecretVault, name: string): Promise<Read> {
  try {
    return await vault.get(name);
  } catch (error) {
    if (!(error instanceof VaultError && error.code === 'disabled')) throw error;
    return { name, enabled: false, tags: {}, createdAt: 0, updatedAt: 0 };
  }
}

/** A registration has few versions, so those of one that is paused may be listed for its tags. */
async function readRegistration(vault: SecretVault, id: string): Promise<Read> {
  const name = secretName('registration', id);
  const found = await readListed(vault, name);
  if (found === undefined || found.enabled) return found;
  const versions = await vault.versions(name);
  return versions.reduce<ListedSecret>((a, b) => (b.createdAt >= a.createdAt ? b : a), found);
}

/** The secrets that a registration names, as far as it can be read, and those that the last sweep read in it. */
function namedIn(registration: Read) {
  const parsed = registration && 'value' in registration ? parseRegistration(registration.value) : undefined;
  const summary = readSummary(registration?.tags ?? {});
  const known = parsed?.ok ? parsed.registration : undefined;
  const tokens = [...(known?.tokens.flatMap(({ name }) => name ?? []) ?? []), ...(summary?.tokens ?? [])];
  const credential = known ? credentialSecretOf(known.clientAuthentication) : summary?.credentialSecret;
  return { tokens: [...new Set(tokens)], credential };
}

/** Registrations of the other accounts that published under these names, by the secrets' own word. */
function registrationsOfOthers(vault: SecretVault, id: string, published: readonly ListedSecret[]) {
  const owners = new Set(published.map(({ tags }) => publishedFor(tags) ?? id));
  owners.delete(id);
  const others = [...owners].filter((owner) => accountIdFault(owner) === undefined);
  return Promise.all(others.map((owner) => readRegistration(vault, owner)));
}

function listingOf(secrets: readonly ListedSecret[]): VaultListing {
  return { secrets, pages: 0, emptyPages: 0, durationMilliseconds: 0 };
}

/** One account's part of both listings. */
interface ListedAccount {
  readonly listings: Listings;
  /** To go on with: what was read for the listings is not read again. */
  readonly environment: RefreshEnvironment;
}

/**
 * What the two listings would show of one account, its client's credential, and who else publishes under its names,
 * read secret by secret: a vault may hold a hundred thousand. Empty for an account that nobody knows.
 *
 * @throws VaultError of the vault that failed
 */
export async function listAccount(environment: RefreshEnvironment, id: string): Promise<ListedAccount> {
  const { credentials, tokens, clock } = environment;
  const { vault } = credentials;
  if (accountIdFault(id) !== undefined)
    return { environment, listings: { credentials: listingOf([]), tokens: listingOf([]) } };
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
  const published = [unnamed, ...further].filter((secret) => secret !== undefined);
  const others = await registrationsOfOthers(vault, id, published);
  const held = [registration, refreshToken, credential, ...others].filter((secret) => secret !== undefined);
  const read = held.filter((secret) => 'value' in secret);
  const known = { ...credentials, vault: withReadAhead(vault, clock, read) };
  const isOneVault = tokens === credentials;
  const all = listingOf([...held, ...published]);
  const [ofCredentials, ofTokens] = isOneVault ? [all, all] : [listingOf(held), listingOf(published)];
  return {
    listings: { credentials: ofCredentials, tokens: ofTokens },
    environment: { ...environment, credentials: known, tokens: isOneVault ? known : tokens },
  };
}
