import { accessTokenName } from '../accounts/access-token-secret.ts';
import { secretName } from '../accounts/account-id.ts';
import { parseRegistration, type Registration } from '../accounts/registration.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import type { Client } from '../client/client.ts';
import { type Authority, defaultAuthority, parseAuthority } from '../oauth/authority.ts';
import { localReason, type Reason } from '../reason.ts';
import { readIfEnabled } from '../vault/secret-vault.ts';
import type { SweepState } from './environment.ts';

/** An account whose registration was read and found good. */
export interface PreparedAccount {
  readonly id: string;
  readonly registrationSecret: StoredSecret;
  readonly registration: Registration;
  readonly authority: Authority;
  /** Its credential was read. */
  readonly client: Client;
}

export type Preparation =
  | { readonly kind: 'prepared'; readonly account: PreparedAccount }
  /** The registration cannot be used. */
  | { readonly kind: 'unusable'; readonly registrationSecret: StoredSecret; readonly facts: Reason }
  /** Removed or disabled since the listing. */
  | { readonly kind: 'gone' };

function unusable(registrationSecret: StoredSecret, fault: string): Preparation {
  const facts = localReason(
    'registration_invalid',
    `The registration "${registrationSecret.name}" cannot be used: ${fault}.`,
    'Correct the JSON in that secret; the next sweep reads it again.',
  );
  return { kind: 'unusable', registrationSecret, facts };
}

/** Two accounts that publish under one name would overwrite each other's tokens: who came second gets none. */
function nameFault({ publishers }: SweepState, id: string, { tokens }: Registration): string | undefined {
  for (const { name } of tokens) {
    const published = accessTokenName(id, name);
    const owner = publishers.get(published) ?? id;
    if (owner !== id)
      return `the account "${id}" would publish "${published}", which is the name of an access token of the account "${owner}"`;
    publishers.set(published, id);
  }
  return undefined;
}

/**
 * Reads and checks what a redemption needs apart from the refresh token.
 *
 * @throws VaultError when the vault could not be read
 */
export async function prepareAccount(sweep: SweepState, id: string): Promise<Preparation> {
  const { credentials, policy } = sweep.environment;
  const name = secretName('registration', id);
  const registrationSecret = await readIfEnabled(() => credentials.vault.get(name));
  if (registrationSecret === undefined) return { kind: 'gone' };
  const parsed = parseRegistration(registrationSecret.value);
  if (!parsed.ok) return unusable(registrationSecret, parsed.fault);
  const { registration } = parsed;
  const taken = nameFault(sweep, id, registration);
  if (taken !== undefined) return unusable(registrationSecret, taken);
  const { additionalAuthorityHosts: additionalHosts, allowLoopback } = policy;
  const rules = { additionalHosts, allowLoopback };
  const checked = parseAuthority(registration.authority ?? defaultAuthority, rules);
  if (checked.kind === 'fault') return unusable(registrationSecret, checked.message);
  const { authority } = checked;
  const client = sweep.clients.of(registration, authority, registrationSecret.tags);
  await client.read();
  return { kind: 'prepared', account: { id, registrationSecret, registration, authority, client } };
}
