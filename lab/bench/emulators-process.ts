import { decodeRefreshToken } from '../../local/entra/issued-tokens.ts';
import { type LocalEnvironment, startLocalEnvironment } from '../../local/local-environment.ts';
import type { LocalWorld } from '../../local/local-world.ts';
import type { SampleAccount } from '../../local/samples.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import { refreshTokenWrite } from '../../src/accounts/refresh-token-secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds, secondsPerDay, systemClock } from '../../src/time.ts';
import { answerParent } from './child-process.ts';

interface EmulatorsRequest {
  readonly oneVault: boolean;
  readonly accounts: number;
}

/** Where an app process finds its surroundings. */
interface EmulatorsAnswer {
  readonly appSettings: Readonly<Record<string, string>>;
  readonly certificate: string;
}

/** What the vaults and Entra know after a sweep. */
export interface ProbeFindings {
  /** When each access token was stored, in epoch milliseconds, in order. */
  readonly publishedAt: readonly number[];
  /** Refresh tokens that Entra has issued and the vault does not hold as the newest version. */
  readonly lostRefreshTokens: number;
  /** Secret writes beyond the vault's limit, refused with 429. */
  readonly refusedWrites: number;
}

/** In milliseconds: the middle of a uniform distribution, and how far it reaches to both sides. */
const entraLatency = { middle: 400, spread: 200 };
const vaultLatency = { middle: 40, spread: 20 };

const uniform = ({ middle, spread }: typeof entraLatency): number =>
  middle + spread * (2 * Math.random() - 1);

/** Accounts of four clients in the midst of their life, all of them due. */
function sampleAccount(index: number): SampleAccount {
  const digit = index % 4;
  return {
    id: `account-${String(index).padStart(6, '0')}`,
    client: {
      clientId: `6731de76-14a6-49ae-97bc-00000000000${digit}`,
      secretName: `client-secret-${digit}`,
    },
    owner: 'bench',
    accessTokenMinutesLeft: 15,
  };
}

/** Rotated before, so that the sweep has a version to disable, as every sweep but the first one has. */
function seedAccount(world: LocalWorld, sample: SampleAccount): void {
  const { user, refreshToken = '' } = world.addAccount(sample);
  const name = secretName('refreshToken', sample.id);
  const previousVersion = world.credentials.get(name).version;
  const tags = {
    generation: 1,
    source: 'sweep',
    attemptId: `seed-${sample.id}`,
    previousVersion,
    user,
  } as const;
  world.credentials.set(
    name,
    refreshTokenWrite(new Sensitive(refreshToken), {}, tags, {
      from: nowSeconds(systemClock),
      longestSeconds: 90 * secondsPerDay,
    }),
  );
}

/** Counts the writes of both vaults: asked for and stored. */
class WriteLog {
  readonly publishedAt: number[] = [];
  asked = 0;
  stored = 0;

  constructor(world: LocalWorld) {
    for (const faults of new Set([world.credentialsFaults, world.tokensFaults])) {
      faults.add({ operation: 'set', before: () => this.#ask(), after: ({ name }) => this.#store(name) });
    }
  }

  #ask(): void {
    this.asked += 1;
  }

  #store(name = ''): void {
    this.stored += 1;
    if (name.startsWith(accessTokenPrefix)) this.publishedAt.push(Date.now());
  }
}

const accessTokenPrefix = secretName('accessToken', '');

/** Each redemption issues the next generation, so a lost token leaves the vault behind the count of redemptions. */
function countLost(world: LocalWorld, id: string): number {
  const token = world.refreshTokenOf(id) ?? '';
  const issued = world.entra.countsOf(world.entra.grantOf(token) ?? '').succeeded;
  const held = decodeRefreshToken(token)?.generation ?? 0;
  return world.entra.accepts(token) ? issued - held : issued + 1;
}

let running: { local: LocalEnvironment; ids: readonly string[]; writes: WriteLog } | undefined;

async function start({ oneVault, accounts }: EmulatorsRequest): Promise<EmulatorsAnswer> {
  const local = await startLocalEnvironment({
    clock: systemClock,
    oneVault,
    entraLatencyMilliseconds: () => uniform(entraLatency),
    vaultLatencyMilliseconds: () => uniform(vaultLatency),
  });
  const samples = Array.from({ length: accounts }, (_, index) => sampleAccount(index));
  for (const sample of samples) seedAccount(local.world, sample);
  running = { local, ids: samples.map(({ id }) => id), writes: new WriteLog(local.world) };
  return { appSettings: local.appSettings, certificate: local.certificate };
}

function findings(): ProbeFindings {
  if (running === undefined) throw new TypeError('nothing was started');
  const { local, ids, writes } = running;
  return {
    publishedAt: writes.publishedAt,
    lostRefreshTokens: ids.reduce((sum, id) => sum + countLost(local.world, id), 0),
    refusedWrites: writes.asked - writes.stored,
  };
}

const procedures = { start, findings };
export type EmulatorsProcedures = typeof procedures;
answerParent(procedures);
