import assert from 'node:assert/strict';
import { intercept as interceptCalls, type OutsideCall } from '../../lab/simulation/intercept.ts';
import { decodeAccessToken } from '../../local/entra/issued-tokens.ts';
import type { SecretVersion } from '../../local/key-vault/secret-history.ts';
import type { SampleAccount } from '../../local/samples.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { accessTokenName, readAccessTokenTags } from '../../src/accounts/access-token-secret.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import { grantIdOf, readRefreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import type { SweepReport } from '../../src/sweep/sweep-report.ts';
import { accountOf, crm, TestWorld, type TestWorldOptions } from '../support/world.ts';

/** One moment of a process: just before, or just after, something outside was asked. */
export interface CallMoment extends OutsideCall {
  readonly moment: 'before' | 'after';
}

export const describeMoment = ({ moment, place, operation, name }: CallMoment): string =>
  `${moment} ${operation} ${name} at ${place}`;

/** A process that is watched, and can be stopped, at every step it takes to the outside. */
export function intercept<E extends RefreshEnvironment>(
  environment: E,
  at: (moment: CallMoment) => void | Promise<void>,
): E {
  return interceptCalls(environment, async (call, effect) => {
    await at({ moment: 'before', ...call });
    const answer = await effect();
    await at({ moment: 'after', ...call });
    return answer;
  });
}

export const timerRequest = { trigger: 'timer', invocationId: 'invocation', pastDue: false } as const;

/** Starts a sweep without moving the clock; for sweeps that overlap. */
export function startSweep(environment: RefreshEnvironment): Promise<SweepReport> {
  return runSweep(environment, timerRequest);
}

/** Moves to the next tick without sweeping. */
export function toNextTick(world: TestWorld): void {
  const now = Math.floor(world.clock.nowMilliseconds() / 1000);
  world.clock.advanceTo(world.environment.policy.schedule.nextTickAfter(now) * 1000);
}

/** The next tick's sweep in a process of its own. */
export function nextSweepOfNewProcess(world: TestWorld): Promise<SweepReport> {
  toNextTick(world);
  return world.sweep({}, world.createEnvironment());
}

export function refreshTokenVersions(world: TestWorld, id: string): readonly SecretVersion[] {
  return world.credentials.versionsOf(secretName('refreshToken', id));
}

export function accessTokenVersions(world: TestWorld, id: string): readonly SecretVersion[] {
  return world.tokens.versionsOf(secretName('accessToken', id));
}

export function registrationTagsOf(world: TestWorld, id: string): Readonly<Record<string, string>> {
  return world.credentials.versionsOf(secretName('registration', id)).at(-1)?.tags ?? {};
}

/** Invariant 1: the newest refresh token in the vault is one that Entra accepts. */
export function assertAccepted(world: TestWorld, id: string, message?: string): void {
  const token = world.refreshTokenOf(id);
  assert.ok(token !== undefined && world.entra.accepts(token), message ?? `${id}: refresh token lost`);
}

/** The account is well in every respect: state, stored token, one grant behind both tokens. */
export function assertHealthy(world: TestWorld, report: SweepReport, id: string): void {
  const { state, code } = accountOf(report, id);
  assert.equal(state, 'healthy', `${id} is ${state} ${code ?? ''}`);
  assertAccepted(world, id);
  assertTokensAgree(world, id);
}

/** The newest version of each access token that the account is registered for; each must be there. */
export function publishedTokens(world: TestWorld, id: string): SecretVersion[] {
  const registration = world.credentials.get(secretName('registration', id)).value.reveal();
  const { tokens } = JSON.parse(registration) as { tokens?: object };
  const names = tokens === undefined ? [undefined] : Object.keys(tokens);
  return names.map((name) => {
    const newest = world.tokens.versionsOf(accessTokenName(id, name)).at(-1);
    assert.ok(newest, `${id}: no access token ${name ?? ''}`);
    return newest;
  });
}

/** One of the access tokens was brought by the redemption that brought the refresh token, all of them by its grant. */
export function assertTokensAgree(world: TestWorld, id: string): void {
  const held = readRefreshTokenTags(refreshTokenVersions(world, id).at(-1)?.tags ?? {});
  const published = publishedTokens(world, id).map(({ tags }) => readAccessTokenTags(tags));
  assert.ok(held.attemptId !== undefined);
  const attempts = published.map(({ attemptId }) => attemptId);
  assert.ok(attempts.includes(held.attemptId), `${id}: access token of another redemption`);
  const grants = published.map(grantIdOf);
  assert.deepEqual([...new Set(grants)], [grantIdOf(held)], `${id}: access token of another grant`);
}

/** Versions of the refresh token that can still be read, oldest first. */
export function enabledVersions(world: TestWorld, id: string): string[] {
  return refreshTokenVersions(world, id).flatMap(({ enabled, version }) => (enabled ? [version] : []));
}

/** Only the newest refresh token and the one that was redeemed for it can still be read. */
export function assertOnlyPredecessorLives(world: TestWorld, id: string): void {
  const newest = refreshTokenVersions(world, id).at(-1);
  const { previousVersion } = readRefreshTokenTags(newest?.tags ?? {});
  assert.deepEqual(enabledVersions(world, id), [previousVersion, newest?.version]);
}

/** No redemption's answer was stored twice. */
export function assertOneVersionPerAttempt(world: TestWorld, id: string): void {
  const attempts = refreshTokenVersions(world, id).map(({ tags }) => readRefreshTokenTags(tags).attemptId);
  assert.deepEqual(attempts, [...new Set(attempts)], `${id}: a refresh token was stored twice`);
}

/** Two access tokens that one refresh token serves. */
export const twoTokens: NonNullable<SampleAccount['tokens']> = {
  graph: { scopes: ['https://graph.microsoft.com/User.Read'] },
  ads: { scopes: ['https://ads.microsoft.com/msads.manage'] },
};

/** Access tokens that live an hour are due at every tick of the default schedule. */
export const hourLong = { accessTokenLifetimeSeconds: () => 3600 };

export interface RotatedWorldOptions extends TestWorldOptions {
  readonly rotation?: 'lenient' | 'strict';
  readonly revokeFamilyOnReplay?: boolean;
  /** Default: one account `a`. */
  readonly accounts?: readonly Partial<SampleAccount>[];
  /** Default: 3, so that a further rotation has an old version to disable. */
  readonly sweeps?: number;
}

/** Accounts that some sweeps have rotated, all due again, at a tick that nobody has swept yet. */
export async function createRotatedWorld(options: RotatedWorldOptions = {}): Promise<TestWorld> {
  const {
    rotation = 'lenient',
    revokeFamilyOnReplay = false,
    accounts = [{}],
    sweeps = 3,
    ...rest
  } = options;
  const world = new TestWorld({
    entra: {
      ...hourLong,
      rotation,
      revokeFamilyOnReplay,
      random: new SeededRandom(1).next,
      accessTokenLength: 0,
      refreshTokenLength: 0,
    },
    ...rest,
  });
  for (const account of accounts) world.addAccount({ id: 'a', client: crm, ...account });
  for (let sweep = 0; sweep < sweeps; sweep++) await world.nextSweep();
  toNextTick(world);
  return world;
}

/** The process with every answer and request on its way for up to so many milliseconds. */
export function withLatency<E extends RefreshEnvironment>(
  environment: E,
  random: () => number,
  limits: { readonly vault: number; readonly entra: number },
): E {
  return intercept(environment, ({ place }) =>
    environment.clock.sleep(random() * (place === 'entra' ? limits.entra : limits.vault)),
  );
}

/** The refresh token, its pin and the access token all belong to one user and one grant. */
export function assertOneGrant(world: TestWorld, id: string): void {
  const newest = refreshTokenVersions(world, id).at(-1);
  const published = publishedTokens(world, id);
  assert.ok(newest && published.length > 0);
  const grantId = world.entra.grantOf(newest.value.reveal());
  assert.ok(grantId !== undefined);
  for (const { value } of published)
    assert.equal(decodeAccessToken(value.reveal())?.grantId, grantId, `${id}: tokens of two grants`);
}

/** The user consents anew, as the account's owner does after an alert; gives the new refresh token. */
export function consentAgain(world: TestWorld, id: string, sample: Partial<SampleAccount> = {}): string {
  const { user } = readRefreshTokenTags(refreshTokenVersions(world, id).at(-1)?.tags ?? {});
  assert.ok(user);
  const token = world.consent({ id, client: crm, ...sample }, user);
  world.storeRefreshToken(id, token, user, 'consent', `consent-${crypto.randomUUID()}`);
  return token;
}
