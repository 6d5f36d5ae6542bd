import { guid } from '../../local/entra/guid.ts';
import type { LocalWorld } from '../../local/local-world.ts';
import type { SampleAccount, SampleClient } from '../../local/samples.ts';
import type { SeededRandom } from '../../local/seeded-random.ts';
import { accessTokenName } from '../../src/accounts/access-token-secret.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import type { User } from '../../src/accounts/entra-ids.ts';
import type { RefreshTokenSource } from '../../src/accounts/refresh-token-secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { OutagePeriods } from './outage-periods.ts';

/** An account and what is true of it, whatever the refresher believes. */
export class SimulatedAccount {
  readonly id: string;
  readonly sample: SampleAccount;
  readonly user: User;
  /** While its grant is dead or its client's secret has ended. */
  readonly outages = new OutagePeriods();
  grantId: string | undefined;
  /** Since its grant is dead; milliseconds since 1970. */
  revokedAt: number | undefined;
  isReconsentReported = false;

  constructor(sample: SampleAccount, user: User, grantId: string | undefined) {
    this.id = sample.id;
    this.sample = sample;
    this.user = user;
    this.grantId = grantId;
  }

  get refreshTokenName(): string {
    return secretName('refreshToken', this.id);
  }

  /** One, or one for each that has a name. */
  get accessTokenNames(): readonly string[] {
    const { tokens } = this.sample;
    const names = tokens === undefined ? [undefined] : Object.keys(tokens);
    return names.map((name) => accessTokenName(this.id, name));
  }
}

/** A client with its accounts. */
export interface SimulatedClient {
  readonly client: SampleClient;
  readonly accounts: readonly SimulatedAccount[];
  /** That somebody has to renew; undefined for the one that trusts the app's identity. */
  secret: string | undefined;
}

const accountsPerClient = 20;
const tenantCount = 4;

function sampleAccount(
  index: number,
  client: SampleClient,
  tenants: readonly string[],
  random: SeededRandom,
): SampleAccount {
  return {
    id: `account-${String(index).padStart(4, '0')}`,
    client,
    tenant: random.pick(tenants),
    accessTokenMinutesLeft: Math.floor(random.between(50, 90)),
    ...sampleAudience(random),
  };
}

/** On either endpoint; a quarter of the accounts have two access tokens from their refresh token. */
function sampleAudience(random: SeededRandom): Pick<SampleAccount, 'resource' | 'tokens'> {
  const isV1 = random.chance(0.3);
  const api = 'https://api.contoso.com';
  if (!random.chance(0.25)) return isV1 ? { resource: api } : {};
  return isV1
    ? { tokens: { api: { resource: api }, store: { resource: 'https://store.contoso.com' } } }
    : { tokens: { graph: { scopes: ['User.Read'] }, api: { scopes: [`${api}/read`] } } };
}

/** The accounts of a simulation, their clients, and what people do to them. */
export class Population {
  readonly accounts: readonly SimulatedAccount[];
  readonly clients: readonly SimulatedClient[];
  readonly #world: LocalWorld;
  readonly #random: SeededRandom;
  readonly #byId: ReadonlyMap<string, SimulatedAccount>;
  readonly #byGrant = new Map<string, SimulatedAccount>();

  constructor(world: LocalWorld, accounts: number, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
    const tenants = Array.from({ length: tenantCount }, () => guid(random.next));
    const clientCount = Math.max(3, Math.round(accounts / accountsPerClient));
    const clients = Array.from({ length: clientCount }, (_, index) => {
      const named = { clientId: guid(random.next), secretName: `client-secret-${index}` };
      const isFederated = index === clientCount - 1;
      const client: SampleClient = isFederated
        ? { ...named, method: 'managed_identity' }
        : { ...named, secret: `first-${index}` };
      return { client, accounts: [] as SimulatedAccount[], secret: client.secret };
    });
    this.accounts = Array.from({ length: accounts }, (_, index) => {
      const owner = random.pick(clients);
      const sample = sampleAccount(index, owner.client, tenants, random);
      const seeded = world.addAccount(sample);
      const account = new SimulatedAccount(sample, seeded.user, seeded.grantId);
      owner.accounts.push(account);
      return account;
    });
    this.clients = clients;
    this.#byId = new Map(this.accounts.map((account) => [account.id, account]));
    for (const account of this.accounts) this.#noteGrant(account);
  }

  find(id: string): SimulatedAccount | undefined {
    return this.#byId.get(id);
  }

  /** Whose grant it is or was. */
  ownerOf(grantId: string | undefined): SimulatedAccount | undefined {
    return grantId === undefined ? undefined : this.#byGrant.get(grantId);
  }

  /** Ends an account's grant; `code` refuses it from now on. */
  revoke(account: SimulatedAccount, code: number): void {
    const now = this.#world.clock.nowMilliseconds();
    if (account.grantId !== undefined) this.#world.entra.revoke({ grantId: account.grantId }, code);
    account.revokedAt = now;
    account.isReconsentReported = false;
    account.outages.begin(now);
  }

  /** A human stores the refresh token of a new grant, after a consent or by hand. */
  consent(account: SimulatedAccount, source: RefreshTokenSource): void {
    const { sample, user } = account;
    const token = this.#world.consent(sample, user);
    this.#world.storeRefreshToken(account.id, token, user, source, guid(this.#random.next));
    account.grantId = this.#world.entra.grantOf(token);
    this.#noteGrant(account);
    if (account.revokedAt !== undefined) account.outages.end(this.#world.clock.nowMilliseconds());
    account.revokedAt = undefined;
  }

  /** Entra takes the old secret no more, nobody has stored the new one yet. */
  endSecret({ client, accounts }: SimulatedClient): void {
    this.#world.entra.expireSecret(client.clientId);
    for (const { outages } of accounts) outages.begin(this.#world.clock.nowMilliseconds());
  }

  /** A new secret, known to Entra and stored; `wasEnded` when nothing worked without it. */
  renewSecret(owner: SimulatedClient, wasEnded: boolean): void {
    const { clientId, secretName: name } = owner.client;
    // A GUID alone would be taken for the id of a secret.
    const value = `renewed-${guid(this.#random.next)}`;
    const old = wasEnded || owner.secret === undefined ? [] : [{ value: owner.secret }];
    const secrets = [...old, { value }];
    this.#world.entra.registerClient({ clientId, secrets });
    this.#world.credentials.set(name, { value: new Sensitive(value), contentType: 'text/plain' });
    owner.secret = value;
    if (!wasEnded) return;
    for (const { outages } of owner.accounts) outages.end(this.#world.clock.nowMilliseconds());
  }

  #noteGrant(account: SimulatedAccount): void {
    if (account.grantId !== undefined) this.#byGrant.set(account.grantId, account);
  }
}
