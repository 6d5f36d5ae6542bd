import { secretName } from '../accounts/account-id.ts';
import { parseRegistration, type Registration } from '../accounts/registration.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { type Authority, defaultAuthority, parseAuthority } from '../oauth/authority.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import type { Sensitive } from '../sensitive.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { localFacts } from './environment.ts';
import type { ReadCredential, SweepState } from './sweep-state.ts';

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

/** The incident of a client without a usable secret in the credentials vault. */
export function missingCredential(name: string): FailureFacts {
  return localFacts(
    'client_secret_missing',
    `The credentials vault has no enabled secret "${name}".`,
    'Store the client secret under that name, or correct clientAuthentication.secretName in the registration.',
  );
}

async function readCredential(sweep: SweepState, name: string): Promise<ReadCredential> {
  const { vault } = sweep.environment.credentials;
  const secret = await readIfEnabled(() => vault.get(name));
  if (secret === undefined) return { ok: false, facts: missingCredential(name) };
  if (secret.value.byteLength === 0 || hasStrayWhitespace(secret.value)) {
    return {
      ok: false,
      facts: localFacts(
        'client_secret_malformed',
        `The client secret in "${name}" is empty or has blanks or a line end around it.`,
        'Store it again without the trailing line end (az keyvault secret set --value, not a file made by echo).',
      ),
    };
  }
  return { ok: true, secret };
}

/** Each client secret is read once a sweep; a failed reading is not remembered. */
function credentialOf(sweep: SweepState, name: string): Promise<ReadCredential> {
  const key = name.toLowerCase();
  const known = sweep.credentials.get(key);
  if (known !== undefined) return known;
  const reading = readCredential(sweep, name);
  sweep.credentials.set(key, reading);
  reading.catch(() => sweep.credentials.delete(key));
  return reading;
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
  const checked = authorityOf(sweep, registration);
  if (checked.kind === 'fault') return unusable(registrationSecret, checked.message);
  const { authority } = checked;
  const credentialName = registration.clientAuthentication.secretName;
  const credential = await credentialOf(sweep, credentialName);
  const version = credential.ok ? credential.secret.version : 'none';
  const gateKey = [authority, registration.clientId, credentialName, version].join(' ').toLowerCase();
  return {
    kind: 'prepared',
    account: { id, registrationSecret, registration, authority, credential, gateKey },
  };
}
