import { accessTokenName, secretName } from '../accounts/account-id.ts';
import { parseRegistration, type Registration } from '../accounts/registration.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { type Authority, defaultAuthority, federationAudience, parseAuthority } from '../oauth/authority.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import { type ReadCredential, readCredential, secretOf } from './credential.ts';
import { localFacts } from './environment.ts';
import { readIfEnabled } from './stored-value.ts';
import type { SweepState } from './sweep-state.ts';

/** An account whose registration was read and found good. */
export interface PreparedAccount {
  readonly id: string;
  readonly registrationSecret: StoredSecret;
  readonly registration: Registration;
  readonly authority: Authority;
  readonly credential: ReadCredential;
  /** Authority, client and credential version: what a rejection of the credential is about. */
  readonly gateKey: string;
}

export type Preparation =
  | { readonly kind: 'prepared'; readonly account: PreparedAccount }
  /** The registration cannot be used. */
  | { readonly kind: 'unusable'; readonly registrationSecret: StoredSecret; readonly facts: FailureFacts }
  /** Removed or disabled since the listing. */
  | { readonly kind: 'gone' };

/** What is read for a client's credential, in words: the secret and how it is used, or the identity. */
function credentialKey({ clientAuthentication }: Registration, authority: Authority): string {
  switch (clientAuthentication.method) {
    case 'client_secret':
      return clientAuthentication.secretName;
    case 'certificate':
      return `${clientAuthentication.secretName} ${clientAuthentication.algorithm}`;
    case 'managed_identity':
      return `managed_identity ${federationAudience(authority)}`;
    default:
      return clientAuthentication satisfies never;
  }
}

/** Each credential is read once a sweep; a failed reading is not remembered, one that may pass until the next round. */
function credentialOf(
  sweep: SweepState,
  registration: Registration,
  authority: Authority,
): Promise<ReadCredential> {
  const key = credentialKey(registration, authority).toLowerCase();
  const known = sweep.credentials.get(key);
  if (known !== undefined) return known;
  const reading = readCredential(sweep.environment, registration, authority);
  sweep.credentials.set(key, reading);
  const forget = (): void => void sweep.credentials.delete(key);
  reading.then((read) => isPassing(read) && sweep.onNextRound(forget), forget);
  return reading;
}

const isPassing = (read: ReadCredential): boolean => !read.ok && read.passing === true;

/** The account with its client's credential read once more, if the last reading failed and may not any longer. */
export async function withCredentialNow(
  sweep: SweepState,
  account: PreparedAccount,
): Promise<PreparedAccount> {
  if (!isPassing(account.credential)) return account;
  return { ...account, credential: await credentialOf(sweep, account.registration, account.authority) };
}

/** The version of a credential that a rejection is about. */
function versionOf(read: ReadCredential): string {
  return (read.ok && secretOf(read.credential)?.version) || 'none';
}

function authorityOf(sweep: SweepState, registration: Registration) {
  const { additionalAuthorityHosts, allowLoopback } = sweep.environment.policy;
  return parseAuthority(registration.authority ?? defaultAuthority, {
    additionalHosts: additionalAuthorityHosts,
    allowLoopback,
  });
}

function unusable(registrationSecret: StoredSecret, fault: string): Preparation {
  const facts = localFacts(
    'registration_invalid',
    `The registration "${registrationSecret.name}" cannot be used: ${fault}.`,
    'Correct the JSON in that secret; the next sweep reads it again.',
  );
  return { kind: 'unusable', registrationSecret, facts };
}

/** Why an account's registration cannot be used: another account publishes under that name. */
export function nameTaken(id: string, published: string, owner: string): string {
  return `the account "${id}" would publish "${published}", which is the name of an access token of the account "${owner}"`;
}

/** Two accounts that publish under one name would overwrite each other's tokens: who came second gets none. */
function nameFault({ publishers }: SweepState, id: string, { tokens }: Registration): string | undefined {
  for (const { name } of tokens) {
    const published = accessTokenName(id, name);
    const owner = publishers.get(published) ?? id;
    if (owner !== id) {
      return nameTaken(id, published, owner);
    }
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
  const { vault } = sweep.environment.credentials;
  const registrationSecret = await readIfEnabled(() => vault.get(secretName('registration', id)));
  if (registrationSecret === undefined) return { kind: 'gone' };
  const parsed = parseRegistration(registrationSecret.value);
  if (!parsed.ok) return unusable(registrationSecret, parsed.fault);
  const { registration } = parsed;
  const taken = nameFault(sweep, id, registration);
  if (taken !== undefined) return unusable(registrationSecret, taken);
  const checked = authorityOf(sweep, registration);
  if (checked.kind === 'fault') return unusable(registrationSecret, checked.message);
  const { authority } = checked;
  const credential = await credentialOf(sweep, registration, authority);
  const gateKey = [
    authority,
    registration.clientId,
    credentialKey(registration, authority),
    versionOf(credential),
  ]
    .join(' ')
    .toLowerCase();
  return {
    kind: 'prepared',
    account: { id, registrationSecret, registration, authority, credential, gateKey },
  };
}
