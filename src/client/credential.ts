import type { RegisteredClientAuthentication } from '../accounts/client-authentication.ts';
import { credentialEnd } from '../accounts/credential-tags.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { clientSecretFault } from '../accounts/stored-value.ts';
import { type Authority, federationAudience } from '../oauth/authority.ts';
import { parseClientCertificate, type signClientAssertion } from '../oauth/client-certificate.ts';
import { findCode } from '../oauth/error-catalogue.ts';
import {
  type ClientAuthentication,
  clientAssertion,
  clientSecretPost,
  noAuthentication,
} from '../oauth/token-request.ts';
import { localReason, type Reason } from '../reason.ts';
import type { Sensitive } from '../sensitive.ts';
import { type Clock, type EpochSeconds, isoTime, nowSeconds } from '../time.ts';
import { readIfEnabled, type SecretVault, VaultError } from '../vault/secret-vault.ts';

/** What of the outside a client's credential needs. */
export interface ClientEnvironment {
  readonly credentials: { readonly vault: SecretVault };
  /** The app's managed identity: its token for an audience. Rejects when there is none. */
  readonly identityToken: (audience: string) => Promise<Sensitive>;
  readonly signAssertion: typeof signClientAssertion;
  readonly clock: Clock;
  /** A new GUID. */
  readonly createId: () => string;
}

/** What a client proves itself for. */
interface ProofRequest {
  readonly environment: ClientEnvironment;
  readonly clientId: string;
  /** The URL of the token endpoint. */
  readonly audience: string;
}

/** What a client proves itself with: one version of a secret, the app's own identity, or nothing. */
export interface Credential {
  /** The version of a secret that it stands in; absent where none is needed. */
  readonly secret?: StoredSecret;
  /** When it ends, where it says so itself. */
  readonly endsAt?: EpochSeconds;
  /** The proof for one request. */
  readonly prove: (request: ProofRequest) => Promise<ClientAuthentication>;
}

/** A credential as it was found. */
export interface UsableCredential {
  readonly ok: true;
  readonly credential: Credential;
  /** The newest version of the secret, on which incidents are noted; absent where there is no secret. */
  readonly newest?: StoredSecret;
  /** Why the newest version is passed over; absent when the credential is the newest. */
  readonly passedOver?: Reason;
}

/** What was found, or why it cannot be used. */
export type ReadCredential =
  | UsableCredential
  /** `passing`: it may well be there a little later, with nobody having done anything. */
  | { readonly ok: false; readonly facts: Reason; readonly passing?: true };

/** A method whose credential stands in a secret. */
export type Stored = Extract<RegisteredClientAuthentication, { secretName: string }>;

/** How a version of a secret proves a client. */
interface StoredMethod {
  /** A version as a credential, or why it cannot be used now. */
  readonly open: (secret: StoredSecret, authentication: Stored, now: EpochSeconds) => ReadCredential;
  /**
   * Whether an older version may serve where the newest does not.
   *
   * @param code of Entra's refusal; undefined when the newest cannot even be sent
   */
  readonly olderMayServe: (code: string | undefined) => boolean;
}

const unusable = (...reason: Parameters<typeof localReason>) => ({
  ok: false as const,
  facts: localReason(...reason),
});

/** A version of a client secret. It shows no validity of its own: which of two counts, only Entra knows. */
const clientSecret: StoredMethod = {
  open: (secret) => {
    const fault = clientSecretFault(secret.value);
    if (fault !== undefined)
      return unusable(
        'client_secret_malformed',
        `The client secret in "${secret.name}" ${fault}.`,
        'Store its value again, bare and without a line end (az keyvault secret set --value, not a file made by echo).',
      );
    const prove = async () => clientSecretPost(secret.value);
    return { ok: true, credential: { secret, prove }, newest: secret };
  },
  olderMayServe: (code) => code !== undefined,
};

/** Its key signs anew for each request: a server may refuse a `jti` that it has seen (RFC 7523 section 3, item 7). */
const certificate: StoredMethod = {
  open: (secret, authentication, now) => {
    const parsed = parseClientCertificate(secret.value);
    if (!parsed.ok)
      return unusable(
        'client_certificate_malformed',
        `The secret "${secret.name}" ${parsed.fault}.`,
        'Store an RSA key of at least 2048 bits, without a password, and its certificate together in PEM; for a certificate of Key Vault set the content type application/x-pem-file in its policy.',
      );
    const { certificate } = parsed;
    if (now >= certificate.notAfter)
      return unusable(
        'client_certificate_expired',
        `The certificate in "${secret.name}" ended at ${isoTime(certificate.notAfter)}.`,
        'Upload a new certificate to the app registration and store it with its key as a new version of that secret.',
      );
    if (now < certificate.notBefore)
      return unusable(
        'client_certificate_not_yet_valid',
        `The certificate in "${secret.name}" is valid only from ${isoTime(certificate.notBefore)}.`,
        "Wait until then, or check the function app's clock; a version that is valid now can be stored again.",
      );
    const algorithm = 'algorithm' in authentication ? authentication.algorithm : 'PS256';
    const prove = async ({ environment, clientId, audience }: ProofRequest) => {
      const { signAssertion, clock, createId } = environment;
      const claims = { clientId, audience, now: nowSeconds(clock), id: createId() };
      return clientAssertion(await signAssertion({ certificate, algorithm, ...claims }));
    };
    return { ok: true, credential: { secret, endsAt: certificate.notAfter, prove }, newest: secret };
  },
  olderMayServe: (code) => code === undefined || findCode(code)?.olderCredentialMayWork === true,
};

const storedMethods: Readonly<Record<Stored['method'], StoredMethod>> = {
  client_secret: clientSecret,
  certificate,
};

const isStored = (authentication: RegisteredClientAuthentication): authentication is Stored =>
  authentication.method in storedMethods;

/** One version as a credential, or why it cannot be used now. */
export function usableVersion(
  secret: StoredSecret,
  authentication: Stored,
  now: EpochSeconds,
): ReadCredential {
  return storedMethods[authentication.method].open(secret, authentication, now);
}

/** The incident of a client without a usable secret in the credentials vault. */
export function missingCredential(name: string): Reason {
  return localReason(
    'client_secret_missing',
    `The credentials vault has no enabled secret "${name}".`,
    'Store the client secret or certificate under that name, or correct clientAuthentication.secretName in the registration.',
  );
}

/** Reading is bounded: a credential is renewed a few times a year. */
const maximumOlderVersions = 3;

/**
 * The newest usable version before the given one that has not ended, with another value than that. Which of two within
 * one second came first, Key Vault does not tell: both are tried.
 */
async function olderCredential(
  { credentials: { vault }, clock }: ClientEnvironment,
  newer: StoredSecret,
  authentication: Stored,
): Promise<Credential | undefined> {
  const now = nowSeconds(clock);
  const older = (await vault.versions(newer.name))
    .filter(({ version, createdAt }) => version !== newer.version && createdAt <= newer.createdAt)
    .filter((candidate) => candidate.enabled && now < (credentialEnd(candidate) ?? Number.POSITIVE_INFINITY))
    .sort((a, b) => b.createdAt - a.createdAt);
  for (const { name, version } of older.slice(0, maximumOlderVersions)) {
    const secret = await readIfEnabled(() => vault.get(name, version));
    if (secret === undefined || secret.value.equals(newer.value)) continue;
    const read = usableVersion(secret, authentication, nowSeconds(clock));
    if (read.ok) return read.credential;
  }
  return undefined;
}

async function readStored(environment: ClientEnvironment, authentication: Stored): Promise<ReadCredential> {
  const { vault } = environment.credentials;
  const secret = await readIfEnabled(() => vault.get(authentication.secretName));
  if (secret === undefined) return { ok: false, facts: missingCredential(authentication.secretName) };
  const newest = usableVersion(secret, authentication, nowSeconds(environment.clock));
  if (newest.ok || !storedMethods[authentication.method].olderMayServe(undefined)) return newest;
  const older = await olderCredential(environment, secret, authentication);
  return older === undefined
    ? newest
    : { ok: true, credential: older, newest: secret, passedOver: newest.facts };
}

/** A public client: PKCE binds a code to it, and nothing proves who refreshes (RFC 6749 section 2.1; RFC 7636). */
const publicClient: UsableCredential = { ok: true, credential: { prove: async () => noAuthentication } };

async function readIdentity(environment: ClientEnvironment, authority: Authority): Promise<ReadCredential> {
  const audience = federationAudience(authority);
  if (audience === undefined)
    return unusable(
      'managed_identity_unsupported',
      'Which audience a managed identity needs in this cloud is not documented.',
      'Register the client with a certificate or a client secret instead.',
    );
  try {
    const token = await environment.identityToken(audience);
    const prove = async (request: ProofRequest) => {
      // A sweep may outlast the token that it began with; the SDK keeps one until shortly before its end.
      return clientAssertion(await request.environment.identityToken(audience).catch(() => token));
    };
    return { ok: true, credential: { prove } };
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    const refused = unusable(
      'managed_identity_unavailable',
      `The app's managed identity gave no token for ${audience} (${name}).`,
      'Check that the user-assigned identity is assigned to the app and AZURE_CLIENT_ID names it; the next sweep tries again.',
    );
    return { ...refused, passing: true };
  }
}

/**
 * Reads the credential of a client: the newest version of a client secret, the newest certificate that is valid now,
 * a token of the app's identity, or nothing for a public client.
 *
 * @throws VaultError when the vault could not be read
 */
export async function readCredential(
  environment: ClientEnvironment,
  authentication: RegisteredClientAuthentication,
  authority: Authority,
): Promise<ReadCredential> {
  if (isStored(authentication)) return readStored(environment, authentication);
  return authentication.method === 'none' ? publicClient : readIdentity(environment, authority);
}

/** The version before a rejected one that is worth a try; undefined without one, or when it could not be read. */
export async function readPrevious(
  environment: ClientEnvironment,
  authentication: RegisteredClientAuthentication,
  { secret }: Credential,
  code: string,
): Promise<Credential | undefined> {
  if (secret === undefined || !isStored(authentication)) return undefined;
  if (!storedMethods[authentication.method].olderMayServe(code)) return undefined;
  try {
    return await olderCredential(environment, secret, authentication);
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}
