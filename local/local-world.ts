/**
 * The local world: what stands in for Azure on a developer's machine, in the demo and in tests.
 *
 * In: a clock, sample accounts and what is to go wrong. Out: vaults, an Entra and what they hold, as models in this
 * process (this file) or behind real HTTP on 127.0.0.1 (`local-environment`). `start` runs the app against it,
 * `demo` walks through a sweep, a reader and an alert, `command-line` is what the command line's `--local` starts.
 * Time is the machine's, one that skips sleeps (`skipping-clock`) or one that only timers move (`virtual-clock`).
 * The product imports nothing of it.
 */

import { accessTokenName, accessTokenWrite } from '../src/accounts/access-token-secret.ts';
import { secretName } from '../src/accounts/account-id.ts';
import { homePin, type User } from '../src/accounts/entra-ids.ts';
import { type RefreshTokenSource, refreshTokenWrite } from '../src/accounts/refresh-token-secret.ts';
import { parseRegistration } from '../src/accounts/registration.ts';
import { summarize } from '../src/accounts/registration-summary.ts';
import { registrationTags } from '../src/accounts/registration-tags.ts';
import { cappedExpiry } from '../src/accounts/secret.ts';
import { Sensitive } from '../src/sensitive.ts';
import { type Clock, type EpochSeconds, nowSeconds, secondsPerDay, secondsPerMinute } from '../src/time.ts';
import { EntraFaults } from './entra/entra-faults.ts';
import { EntraState, type EntraStateOptions } from './entra/entra-state.ts';
import { personalTenantId } from './entra/grants.ts';
import { federatedCredentialOf } from './entra/managed-identities.ts';
import type { DirectoryUser } from './entra/users.ts';
import { VaultFaults } from './key-vault/vault-faults.ts';
import { VaultState, type VaultStateOptions } from './key-vault/vault-state.ts';
import { audiencesOf, consentedTo, registrationOf } from './sample-registration.ts';
import type { SampleAccount, SampleClient, SampleUser, SeededAccount } from './samples.ts';
import { createSelfSignedCertificate, type KeyAndCertificate } from './self-signed-certificate.ts';

export interface LocalWorldOptions {
  readonly clock: Clock;
  readonly entra?: Omit<EntraStateOptions, 'clock'>;
  readonly vaults?: Omit<VaultStateOptions, 'clock'>;
  /** One vault for both roles; default false. */
  readonly oneVault?: boolean;
  /** The authority of every registration made here; default: the public cloud. */
  readonly authority?: string;
}

/** Of the secrets that are seeded here, as the default of the settings has it. */
const longestExpirySeconds = 90 * secondsPerDay;

export const sampleTenant = '7fe81447-da57-4385-becb-6de57f21477e';
const redirectUris = ['localhost', '127.0.0.1'].map((host) => `http://${host}/api/consent/callback`);

/** Everything outside the refresher, as a model: one Entra, two vaults, and the faults that can be put upon them. */
export class LocalWorld {
  readonly clock: Clock;
  readonly entra: EntraState;
  readonly entraFaults = new EntraFaults();
  readonly credentials: VaultState;
  readonly credentialsFaults = new VaultFaults();
  readonly tokens: VaultState;
  readonly tokensFaults: VaultFaults;
  /** The authority of registrations made from now on. */
  authority: string | undefined;
  #users = 0;
  readonly #clients = new Set<string>();
  /** The app's own managed identity. */
  readonly identity: User = { tenantId: sampleTenant, objectId: '5b1c8f4a-30d2-4c6e-9a77-0c9d2f1e6b38' };

  constructor(options: LocalWorldOptions) {
    this.clock = options.clock;
    this.authority = options.authority;
    this.entra = new EntraState({ ...options.entra, clock: options.clock });
    this.credentials = new VaultState({ ...options.vaults, clock: options.clock });
    const { oneVault = false } = options;
    this.tokens = oneVault ? this.credentials : new VaultState({ ...options.vaults, clock: options.clock });
    this.tokensFaults = oneVault ? this.credentialsFaults : new VaultFaults();
  }

  /** Registers a client with Entra and stores its secret, once. */
  addClient(client: SampleClient): void {
    if (this.#clients.has(client.clientId)) return;
    this.#clients.add(client.clientId);
    const {
      method = 'client_secret',
      clientId,
      redirectUris: uris = redirectUris,
      permissions = [],
    } = client;
    if (method === 'client_secret') {
      this.#setClientSecret(client, client.secret ?? `secret-of-${clientId}`);
    } else if (method === 'certificate') {
      const made = this.createCertificate();
      this.storeCertificate(client, made);
      this.registerCertificates(client, [made]);
    } else if (method === 'none') {
      this.entra.registerClient({ clientId, secrets: [], nativeRedirectUris: uris, permissions });
    } else {
      const federatedCredentials = [federatedCredentialOf(this.identity)];
      this.entra.registerClient({
        clientId,
        secrets: [],
        federatedCredentials,
        redirectUris: uris,
        permissions,
      });
    }
  }

  /** A key and its certificate, of 180 days from yesterday on unless said otherwise. */
  createCertificate(days: { readonly from?: number; readonly to?: number } = {}): KeyAndCertificate {
    const dayOf = (day: number) => new Date(this.clock.nowMilliseconds() + day * secondsPerDay * 1000);
    const { from = -1, to = 179 } = days;
    const validity = { notBefore: dayOf(from), notAfter: dayOf(to) };
    return createSelfSignedCertificate({ key: 'rsa', commonName: 'token-refresher', ...validity });
  }

  /** A new version of the client's secret, as Key Vault exports a certificate. */
  storeCertificate(
    { secretName: name }: SampleClient,
    made: KeyAndCertificate,
    expiresAt?: EpochSeconds,
  ): void {
    const value = new Sensitive(`${made.privateKey}${made.certificate}`);
    const expiry = expiresAt === undefined ? {} : { expiresAt };
    this.credentials.set(name, { value, contentType: 'application/x-pem-file', ...expiry });
  }

  /** What is uploaded to the client's app registration, in place of what was there. */
  registerCertificates(
    { clientId, redirectUris: uris = redirectUris }: SampleClient,
    certificates: readonly KeyAndCertificate[],
  ): void {
    const uploaded = certificates.map(({ certificate }) => certificate);
    this.entra.registerClient({ clientId, secrets: [], certificates: uploaded, redirectUris: uris });
  }

  /** A new client secret with the end given, known to Entra and stored as a new version; the old one is forgotten. */
  renewClientSecret(client: SampleClient): void {
    this.#setClientSecret(client, `renewed-secret-of-${client.clientId}`);
  }

  /** Registers a user who can sign in; ids that are not given are made up. */
  addUser(sample: SampleUser): DirectoryUser {
    const user = { ...this.#nextUser(undefined), ...sample };
    this.entra.registerUser(user);
    return user;
  }

  /** Registers an account, with grant, refresh token and access token as asked for. */
  addAccount(sample: SampleAccount): SeededAccount {
    this.addClient(sample.client);
    const user = sample.user ?? this.#nextUser(sample.tenant);
    this.#registerUser(sample, user);
    this.#register(sample, user);
    if (sample.consented === false) return { id: sample.id, user };
    const refreshToken = this.consent(sample, user);
    const attemptId = sample.source === 'manual' ? undefined : `seed-${sample.id}`;
    this.storeRefreshToken(sample.id, refreshToken, user, sample.source ?? 'consent', attemptId);
    if (sample.accessTokenMinutesLeft !== undefined)
      this.#publish(sample, attemptId ?? '', sample.accessTokenMinutesLeft);
    const grantId = this.entra.grantOf(refreshToken);
    return { id: sample.id, user, refreshToken, ...(grantId === undefined ? {} : { grantId }) };
  }

  /** A new grant of the user, as a completed consent gives it. */
  consent(sample: SampleAccount, user: User): string {
    return this.entra.grant({
      clientId: sample.client.clientId,
      user,
      ...(sample.tenant === undefined ? {} : { tenant: sample.tenant }),
      ...(sample.client.method === 'none' ? { platform: 'native' } : {}),
      ...consentedTo(sample),
    });
  }

  /** Puts a refresh token into the vault, as a consent, or as a human by hand (`manual`: without tags). */
  storeRefreshToken(
    id: string,
    token: string,
    user: User,
    source: RefreshTokenSource,
    attemptId?: string,
  ): void {
    const name = secretName('refreshToken', id);
    if (source === 'manual') {
      this.credentials.set(name, { value: new Sensitive(token) });
      return;
    }
    const tags = {
      generation: 0,
      source,
      user: homePin(user),
      ...(attemptId === undefined ? {} : { attemptId }),
    };
    const life = { from: nowSeconds(this.clock), longestSeconds: longestExpirySeconds };
    this.credentials.set(name, refreshTokenWrite(new Sensitive(token), {}, tags, life));
  }

  /** The newest refresh token of an account. */
  refreshTokenOf(id: string): string | undefined {
    return this.credentials.versionsOf(secretName('refreshToken', id)).at(-1)?.value.reveal();
  }

  #nextUser(tenant: string | undefined): User {
    this.#users += 1;
    const objectId = `00000000-0000-4000-8000-${String(this.#users).padStart(12, '0')}`;
    const isId = tenant !== undefined && /^[0-9a-f-]{36}$/.test(tenant);
    return { tenantId: isId ? tenant : sampleTenant, objectId };
  }

  /** A user who is known already keeps his name, unless the sample gives one. */
  #registerUser({ id, name }: SampleAccount, user: User): void {
    const known = this.entra.registeredUser(user);
    if (name === undefined && known !== undefined) return;
    const made = { displayName: `User of ${id}`, userPrincipalName: `${id}@${domainOf(user.tenantId)}` };
    this.entra.registerUser({ ...known, ...user, ...(name ?? made) });
  }

  #setClientSecret(
    {
      clientId,
      secretName: name,
      secretExpiresAt,
      redirectUris: uris = redirectUris,
      permissions = [],
    }: SampleClient,
    secret: string,
  ) {
    const end = secretExpiresAt === undefined ? {} : { expiresAt: secretExpiresAt };
    const secrets = [{ value: secret, ...end }];
    this.entra.registerClient({ clientId, secrets, redirectUris: uris, permissions });
    this.credentials.set(name, { value: new Sensitive(secret), contentType: 'text/plain', ...end });
  }

  #register(sample: SampleAccount, user: User): void {
    const value = sample.registration ?? JSON.stringify(registrationOf(sample, user, this.authority));
    const parsed = parseRegistration(new Sensitive(value));
    // An account with a published token has been swept before, so its registration carries the tags of a sweep.
    const swept = sample.accessTokenMinutesLeft !== undefined && parsed.ok;
    this.credentials.set(secretName('registration', sample.id), {
      value: new Sensitive(value),
      contentType: 'application/vnd.token-refresher.account+json',
      enabled: sample.paused !== true,
      expiresAt: cappedExpiry(nowSeconds(this.clock), longestExpirySeconds),
      tags: swept ? registrationTags({}, summarize(sample.id, parsed.registration), undefined) : {},
    });
  }

  #publish(sample: SampleAccount, attemptId: string, minutesLeft: number): void {
    const { id } = sample;
    for (const [name, audience] of audiencesOf(sample)) {
      const write = accessTokenWrite(
        {
          accountId: id,
          value: new Sensitive(`access-token-seeded-for-${id}`),
          audience:
            'resource' in audience ? { endpoint: 'v1', ...audience } : { endpoint: 'v2', ...audience },
          attemptId,
          requestedAt: nowSeconds(this.clock),
          expiresInSeconds: minutesLeft * secondsPerMinute,
        },
        {},
      );
      this.tokens.set(accessTokenName(id, name), write);
    }
  }
}

/** The domain of made-up names; each tenant has its own. */
function domainOf(tenantId: string): string {
  if (tenantId === sampleTenant) return 'contoso.example';
  return tenantId === personalTenantId ? 'outlook.example' : `tenant-${tenantId.slice(0, 8)}.example`;
}
