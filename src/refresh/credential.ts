import { credentialEnd, readCredentialRejection } from '../accounts/credential-tags.ts';
import type {
  AssertionAlgorithm,
  RegisteredClientAuthentication,
  Registration,
} from '../accounts/registration.ts';
import type { ListedVersion, StoredSecret } from '../accounts/secret.ts';
import { type Authority, federationAudience } from '../oauth/authority.ts';
import { type ClientCertificate, parseClientCertificate } from '../oauth/client-certificate.ts';
import { findCode } from '../oauth/error-catalogue.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, isoTime, nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import { localFacts, type RefreshEnvironment } from './environment.ts';
import { clientSecretFault, readIfEnabled } from './stored-value.ts';

/** What a client proves itself with: one version of a secret, or the app's own identity. */
export type Credential =
  | { readonly method: 'client_secret'; readonly secret: StoredSecret }
  | {
      readonly method: 'certificate';
      readonly secret: StoredSecret;
      readonly certificate: ClientCertificate;
      readonly algorithm: AssertionAlgorithm;
    }
  | { readonly method: 'managed_identity'; readonly audience: string; readonly token: Sensitive };

/** A credential as it was found. */
export interface UsableCredential {
  readonly ok: true;
  readonly credential: Credential;
  /** The newest version of the secret, on which incidents are noted; absent where there is no secret. */
  readonly newest?: StoredSecret;
  /** Why the newest version is passed over; absent when the credential is the newest. */
  readonly passedOver?: FailureFacts;
}

/** What was found, or why it cannot be used. */
export type ReadCredential =
  | UsableCredential
  /** `passing`: it may well be there a little later, with nobody having done anything. */
  | { readonly ok: false; readonly facts: FailureFacts; readonly passing?: true };

/** A method whose credential stands in a secret. */
export type Stored = Exclude<RegisteredClientAuthentication, { method: 'managed_identity' }>;

/** The version of a secret that a credential stands in; undefined for one that needs none. */
export function secretOf(credential: Credential): StoredSecret | undefined {
  return credential.method === 'managed_identity' ? undefined : credential.secret;
}

/** The incident of a client without a usable secret in the credentials vault. */
export function missingCredential(name: string): FailureFacts {
  return localFacts(
    'client_secret_missing',
    `The credentials vault has no enabled secret "${name}".`,
    'Store the client secret or certificate under that name, or correct clientAuthentication.secretName in the registration.',
  );
}

function malformedSecret(name: string, fault: string): FailureFacts {
  return localFacts(
    'client_secret_malformed',
    `The client secret in "${name}" ${fault}.`,
    'Store its value again, bare and without a line end (az keyvault secret set --value, not a file made by echo).',
  );
}

function malformedCertificate(name: string, fault: string): FailureFacts {
  return localFacts(
    'client_certificate_malformed',
    `The secret "${name}" ${fault}.`,
    'Store an RSA key of at least 2048 bits, without a password, and its certificate together in PEM; for a certificate of Key Vault set the content type application/x-pem-file in its policy.',
  );
}

function certificateTimeFault(
  name: string,
  { notBefore, notAfter }: ClientCertificate,
  now: EpochSeconds,
): FailureFacts | undefined {
  if (now >= notAfter) {
    return localFacts(
      'client_certificate_expired',
      `The certificate in "${name}" ended at ${isoTime(notAfter)}.`,
      'Upload a new certificate to the app registration and store it with its key as a new version of that secret.',
    );
  }
  if (now < notBefore) {
    return localFacts(
      'client_certificate_not_yet_valid',
      `The certificate in "${name}" is valid only from ${isoTime(notBefore)}.`,
      "Wait until then, or check the function app's clock; a version that is valid now can be stored again.",
    );
  }
  return undefined;
}

/** One version as a credential, or why it cannot be used now. */
export function usableVersion(
  secret: StoredSecret,
  authentication: Stored,
  now: EpochSeconds,
): ReadCredential {
  const { name, value } = secret;
  if (authentication.method === 'client_secret') {
    const fault = clientSecretFault(value);
    return fault === undefined
      ? { ok: true, credential: { method: 'client_secret', secret }, newest: secret }
      : { ok: false, facts: malformedSecret(name, fault) };
  }
  const parsed = parseClientCertificate(value);
  if (!parsed.ok) return { ok: false, facts: malformedCertificate(name, parsed.fault) };
  const { certificate } = parsed;
  const facts = certificateTimeFault(name, certificate, now);
  if (facts !== undefined) return { ok: false, facts };
  const { algorithm = 'PS256' } = authentication;
  return { ok: true, credential: { method: 'certificate', secret, certificate, algorithm }, newest: secret };
}

/** Reading is bounded: a credential is renewed a few times a year. */
const maximumOlderVersions = 3;

/**
 * Enabled versions that were stored before the given one and have not ended, the newest first. Which of two within one
 * second came first, Key Vault does not tell: both are tried.
 */
async function olderVersions(
  { credentials, clock }: RefreshEnvironment,
  { name, version, createdAt }: ListedVersion,
): Promise<ListedVersion[]> {
  const now = nowSeconds(clock);
  return (await credentials.vault.versions(name))
    .filter((candidate) => candidate.version !== version && candidate.createdAt <= createdAt)
    .filter((candidate) => candidate.enabled && now < (credentialEnd(candidate) ?? Number.POSITIVE_INFINITY))
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(0, maximumOlderVersions);
}

/** The newest usable version before the given one, with another value than that. */
async function olderCredential(
  environment: RefreshEnvironment,
  newer: StoredSecret,
  authentication: Stored,
): Promise<Credential | undefined> {
  const { vault } = environment.credentials;
  for (const { name, version } of await olderVersions(environment, newer)) {
    const secret = await readIfEnabled(() => vault.get(name, version));
    if (secret === undefined || secret.value.equals(newer.value)) continue;
    const read = usableVersion(secret, authentication, nowSeconds(environment.clock));
    if (read.ok) return read.credential;
  }
  return undefined;
}

async function readStored(environment: RefreshEnvironment, authentication: Stored): Promise<ReadCredential> {
  const { vault } = environment.credentials;
  const secret = await readIfEnabled(() => vault.get(authentication.secretName));
  if (secret === undefined) return { ok: false, facts: missingCredential(authentication.secretName) };
  const newest = usableVersion(secret, authentication, nowSeconds(environment.clock));
  // A client secret shows no validity of its own: which of two counts, only Entra knows.
  if (newest.ok || authentication.method === 'client_secret') return newest;
  const older = await olderCredential(environment, secret, authentication);
  return older === undefined
    ? newest
    : { ok: true, credential: older, newest: secret, passedOver: newest.facts };
}

async function readIdentity(environment: RefreshEnvironment, authority: Authority): Promise<ReadCredential> {
  const audience = federationAudience(authority);
  if (audience === undefined) {
    return {
      ok: false,
      facts: localFacts(
        'managed_identity_unsupported',
        'Which audience a managed identity needs in this cloud is not documented.',
        'Register the client with a certificate or a client secret instead.',
      ),
    };
  }
  try {
    return {
      ok: true,
      credential: {
        method: 'managed_identity',
        audience,
        token: await environment.identityToken(audience),
      },
    };
  } catch (error) {
    const facts = localFacts(
      'managed_identity_unavailable',
      `The app's managed identity gave no token for ${audience} (${nameOf(error)}).`,
      'Check that the user-assigned identity is assigned to the app and AZURE_CLIENT_ID names it; the next sweep tries again.',
    );
    return { ok: false, facts, passing: true };
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

/**
 * Reads the credential of a client: the newest version of a client secret, the newest certificate that is valid now,
 * or a token of the app's identity.
 *
 * @throws VaultError when the vault could not be read
 */
export async function readCredential(
  environment: RefreshEnvironment,
  { clientAuthentication }: Registration,
  authority: Authority,
): Promise<ReadCredential> {
  return clientAuthentication.method === 'managed_identity'
    ? readIdentity(environment, authority)
    : readStored(environment, clientAuthentication);
}

/** The version before a rejected one that is worth a try; undefined without one, or when it could not be read. */
export async function previousCredential(
  environment: RefreshEnvironment,
  { clientAuthentication }: Registration,
  rejected: Credential,
  code: string,
): Promise<Credential | undefined> {
  if (rejected.method === 'managed_identity' || clientAuthentication.method === 'managed_identity')
    return undefined;
  if (rejected.method === 'certificate' && findCode(code)?.olderCredentialMayWork !== true) return undefined;
  try {
    return await olderCredential(environment, rejected.secret, clientAuthentication);
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}

/**
 * The credential for a request that can be sent only once: the version before, while the newest is known to be
 * rejected.
 */
export async function credentialForOneTry(
  environment: RefreshEnvironment,
  registration: Registration,
  read: UsableCredential,
): Promise<Credential> {
  const mark = readCredentialRejection(read.newest?.tags ?? {});
  if (mark?.fallback !== true || mark.clientId !== registration.clientId || read.passedOver !== undefined)
    return read.credential;
  return (await previousCredential(environment, registration, read.credential, mark.code)) ?? read.credential;
}
