import assert from 'node:assert/strict';
import { aadsts } from '../../local/entra/entra-faults.ts';
import { decodeAccessToken } from '../../local/entra/issued-tokens.ts';
import { KeyVaultRefusal } from '../../local/key-vault/vault-refusal.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { sameUser, type User } from '../../src/accounts/entra-ids.ts';
import { readRefreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import type { SweepReport } from '../../src/sweep/sweep-report.ts';
import { isoTime, nowSeconds } from '../../src/time.ts';
import {
  client,
  createScene,
  oneToken,
  type Scene,
  type Server,
  signIn,
  twoTokens,
} from '../consent/scene.ts';
import { accountOf, type TestWorld } from '../support/world.ts';
import {
  nextSweepOfNewProcess,
  publishedTokens,
  refreshTokenVersions,
  timerRequest,
  withLatency,
} from './harness.ts';

/** With the latest begin less than the time after which a doubt is looked at again. */
const longestPassingMilliseconds = 100_000;

/** Who does something to the account while others do. */
type Actor =
  | 'sweep'
  | 'refresh_on_demand'
  | 'consent'
  | 'seed_by_hand'
  | 'disable_newest'
  | 'delete_and_recover'
  | 'revoke'
  | 'passing_70000'
  | 'slow_writes';

export interface Interleaving {
  readonly seed: number;
  readonly server: Server;
  readonly actors: readonly Actor[];
  readonly tokens: 1 | 2;
}

const rareActors: readonly Actor[] = ['seed_by_hand', 'disable_newest', 'delete_and_recover', 'revoke'];
const frequentActors: readonly Actor[] = [
  'refresh_on_demand',
  'consent',
  'consent',
  'passing_70000',
  'slow_writes',
];

function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError('nothing to pick from');
  return value;
}

/** Two sweeps and one to three others. */
export function interleavingOf(seed: number, server: Server): Interleaving {
  const random = new SeededRandom(seed * 2_654_435_761).next;
  const others = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
    pick(random() < 0.25 ? rareActors : frequentActors, random),
  );
  return { seed, server, actors: ['sweep', 'sweep', ...others], tokens: random() < 0.3 ? 2 : 1 };
}

/** What passes by itself. */
const quietActors: readonly Actor[] = ['passing_70000', 'slow_writes'];

/** One sweep alone, with what may pass by itself. */
export function aloneOf(seed: number): Interleaving {
  const random = new SeededRandom(seed * 2_654_435_761).next;
  const others = Array.from({ length: 1 + Math.floor(random() * 2) }, () => pick(quietActors, random));
  return { seed, server: 'reuse_detection', actors: ['sweep', ...others], tokens: random() < 0.3 ? 2 : 1 };
}

/** What is known at the end. */
interface Story {
  readonly scene: Scene;
  readonly old: string;
  /** Grants that a human gave while the others ran: of consents that were completed, and of tokens stored by hand. */
  readonly given: Set<string>;
  readonly reports: SweepReport[];
  isRevoked: boolean;
}

const name = 'refresh-token-a';

const versionsOf = (world: TestWorld) => refreshTokenVersions(world, 'a');

function grantOfNewest(world: TestWorld): string {
  return world.entra.grantOf(versionsOf(world).at(-1)?.value.reveal() ?? '') ?? '';
}

const grantsInVault = (world: TestWorld): string[] =>
  versionsOf(world).flatMap(({ value }) => world.entra.grantOf(value.reveal()) ?? []);

/** As often as the vault says that the deletion is not over yet. */
async function recover(world: TestWorld): Promise<void> {
  for (;;) {
    try {
      world.credentials.recover(name);
      return;
    } catch (error) {
      if (!(error instanceof KeyVaultRefusal)) throw error;
      await world.clock.sleep(2000);
    }
  }
}

const isDeleted = (world: TestWorld): boolean =>
  !world.credentials.list().items.some((secret) => secret.name === name);

async function enact(story: Story, actor: Actor, random: () => number): Promise<void> {
  const { scene } = story;
  const { world } = scene;
  const process = () =>
    withLatency(world.createEnvironment(), new SeededRandom(Math.floor(random() * 2 ** 31)).next, {
      vault: 50 + 800 * random(),
      entra: 3000 * random(),
    });
  await world.clock.sleep(random() * 6000);
  switch (actor) {
    case 'sweep':
      story.reports.push(await runSweep(process(), timerRequest));
      return;
    case 'refresh_on_demand':
      await runSweep(process(), {
        ...timerRequest,
        trigger: 'on_demand',
        account: 'a',
        deadlineSeconds: 200,
      });
      return;
    case 'consent': {
      if (isDeleted(world)) return;
      const finish = await world.clock.during(signIn(scene));
      await world.clock.sleep(random() * 3000);
      const result = await finish(process());
      // While the name is deleted nobody sees what was stored under it.
      while (isDeleted(world)) await world.clock.sleep(2000);
      if (result.kind === 'completed' || result.kind === 'not_published')
        for (const grant of grantsInVault(world)) if (grant !== story.old) story.given.add(grant);
      return;
    }
    case 'seed_by_hand': {
      const token = world.consent({ id: 'a', client, ...scene.audience }, scene.account.user);
      if (isDeleted(world)) return;
      world.storeRefreshToken('a', token, scene.account.user, 'manual');
      story.given.add(world.entra.grantOf(token) ?? '');
      return;
    }
    case 'disable_newest': {
      if (isDeleted(world)) return;
      const { version } = refreshTokenVersions(world, 'a').at(-1) ?? { version: '' };
      world.credentials.update(name, version, { enabled: false });
      await world.clock.sleep(random() * 8000);
      while (isDeleted(world)) await world.clock.sleep(2000);
      world.credentials.update(name, version, { enabled: true });
      return;
    }
    case 'delete_and_recover':
      if (isDeleted(world)) return;
      world.credentials.delete(name);
      await world.clock.sleep(2000 + random() * 8000);
      await recover(world);
      return;
    case 'revoke':
      story.isRevoked = true;
      world.entra.revoke({ grantId: story.old });
      return;
    case 'passing_70000': {
      // A longer one would be believed: a second failure minutes later is the proof.
      const end = world.entraFaults.add({ match: { grantType: 'refresh_token' }, answer: aadsts(70000) });
      await world.clock.sleep(random() * longestPassingMilliseconds);
      end();
      return;
    }
    case 'slow_writes': {
      const behaviour = { kind: 'throttle', retryAfterSeconds: Math.floor(random() * 30) } as const;
      world.credentialsFaults.add({ operation: 'set', name: /^refresh-token-/, behaviour, times: 1 });
      return;
    }
    default:
      actor satisfies never;
  }
}

/** Runs everybody at once, then as many quiet sweeps as a mending may take, and holds the outcome to what is promised. */
export async function runInterleaving(interleaving: Interleaving): Promise<void> {
  const { seed, server, actors, tokens } = interleaving;
  const scene = await createScene('alive', server, tokens === 1 ? oneToken : twoTokens);
  const { world } = scene;
  const old = grantOfNewest(world);
  const story: Story = { scene, old, given: new Set(), reports: [], isRevoked: false };
  const random = new SeededRandom(seed).next;
  await world.clock.run(Promise.all(actors.map((actor) => enact(story, actor, random))));
  world.entraFaults.clear();
  world.credentialsFaults.clear();
  for (let quiet = 0; quiet < 3; quiet++) story.reports.push(await nextSweepOfNewProcess(world));
  assertPromises(story, interleaving);
}

/** Key Vault has no conditional write, and a hand leaves no mark: between a sweep's look and its write nobody sees it. */
function grantsUnseen({ scene: { world } }: Story): Set<string> {
  const versions = versionsOf(world);
  const unseen = versions.filter(({ version, tags }, index) => {
    const next = readRefreshTokenTags(versions[index + 1]?.tags ?? {});
    const isManual = readRefreshTokenTags(tags).source === 'manual';
    return isManual && next.source === 'sweep' && next.previousVersion !== version;
  });
  return new Set(unseen.map(({ value }) => world.entra.grantOf(value.reveal()) ?? ''));
}

function assertPromises(story: Story, { server, actors }: Interleaving): void {
  const { world, account } = story.scene;
  const last = story.reports.at(-1);
  assert.ok(last);
  const { state, code } = accountOf(last, 'a');
  const newest = versionsOf(world).at(-1);
  const isAlive = newest?.enabled === true && world.entra.accepts(newest.value.reveal());
  const grant = grantOfNewest(world);
  const unseen = grantsUnseen(story);
  // One that nobody saw may be lost, and may come back.
  const given = [...story.given].filter((one) => one === grant || !unseen.has(one));
  const hasLiveGrant = given.length > 0 || !story.isRevoked;
  assertOneUser(world, account.user);
  if (state === 'healthy') assertPublishedAlive(story);
  const isAlone = actors.filter((actor) => !quietActors.includes(actor)).length === 1;
  if (server === 'reuse_detection' && !isAlone) {
    // A grant that overlapping sweeps have ended is told, by a word that a human acts on.
    assert.ok(isAlive ? state === 'healthy' : state === 'reconsent', `alive: ${isAlive}, ${state} ${code}`);
    return;
  }
  // A name that was deleted takes no rotated token: the loudest event has told of it.
  const isTold = server === 'strict' && world.telemetry.named('RotatedTokenNotStored').length > 0;
  if (isTold && state === 'reconsent') return;
  assert.equal(state, hasLiveGrant ? 'healthy' : 'reconsent', code);
  assert.equal(isAlive, hasLiveGrant, 'the newest refresh token');
  if (given.length > 0) assert.ok(given.includes(grant), 'a given grant lies buried');
}

/** Whatever was stored belongs to the user whom its tags name. */
function assertOneUser(world: TestWorld, user: User): void {
  for (const { tags } of versionsOf(world)) {
    const { user: pinned } = readRefreshTokenTags(tags);
    if (pinned !== undefined) assert.ok(sameUser(pinned, user));
  }
}

/** What readers get is valid, and of a grant that lives. */
function assertPublishedAlive({ scene: { world }, isRevoked, old }: Story): void {
  for (const { value, expiresAt, enabled } of publishedTokens(world, 'a')) {
    assert.ok(enabled && (expiresAt ?? 0) > nowSeconds(world.clock), `ended ${isoTime(expiresAt ?? 0)}`);
    const grantId = decodeAccessToken(value.reveal())?.grantId;
    assert.ok(!(isRevoked && grantId === old), 'of the revoked grant');
  }
}
