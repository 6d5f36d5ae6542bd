import type { Account } from '../accounts/account.ts';
import type { FailureRecord } from '../accounts/account-state.ts';
import { grantIdOf, readRefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { RegisteredToken } from '../accounts/registration.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import { sameUser, type User } from '../accounts/user.ts';
import type { Credential } from '../client/credential.ts';
import { type FailureFacts, localFacts, type Outcome } from '../oauth/outcome.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { confirmationDelaySeconds } from '../planning/rounds.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { refreshTokenValueFault } from '../vault/stored-value.ts';
import type { PreparedAccount } from './prepare-account.ts';
import { judgedIdOf, readRefreshToken, withAttemptId } from './read-refresh-token.ts';
import { type Redemption, redeem } from './redemption.ts';
import { type StoredGrant, storeGrant } from './store-grant.ts';
import { consentOver } from './superseded-versions.ts';
import type { SweepState } from './sweep-state.ts';

export type FailedOutcome = Exclude<Outcome, { kind: 'refreshed' }>;

/** What one attempt at an account came to. */
export type AttemptResult =
  | StoredGrant
  | {
      readonly kind: 'failed';
      readonly outcome: FailedOutcome;
      /** For `reconsent`: the grant's death is proven. */
      readonly proven: boolean;
      readonly judgedId: string;
      readonly judgedVersion: string;
      /** Absent for a refresh token that was stored by hand. */
      readonly judgedGrantId?: string;
    }
  /** Something in the vault cannot be used; nothing was sent. */
  | { readonly kind: 'unusable'; readonly facts: FailureFacts }
  | { readonly kind: 'pending_consent' }
  /** Deadline or broken vault: nothing was sent. */
  | { readonly kind: 'not_started' };

export interface AttemptInput {
  readonly account: Account;
  readonly prepared: PreparedAccount;
  /** The access token that is wanted. */
  readonly token: RegisteredToken;
  /** The attempts whose access tokens the account has published, in this sweep too. */
  readonly published: ReadonlySet<string | undefined>;
  readonly credential: Credential;
  readonly dueReason: string;
  readonly round: number;
  /** The refresh-token version that an earlier attempt of this sweep doubted. */
  readonly suspectedVersion: string | undefined;
}

/** Whether a newer token found after a refusal may still be tried in this attempt: once. */
type Look = 'may_look_again' | 'last_look';

/**
 * A rotation of the grant before was written over a consent: back to the consent's version. Nothing was published
 * with that rotation, so only an account none of whose access tokens came with it is looked at. Undefined: go on with
 * the newest.
 */
async function restoreConsent(
  sweep: SweepState,
  input: AttemptInput,
  newest: StoredSecret,
): Promise<AttemptResult | undefined> {
  const { source, attemptId, previousVersion } = readRefreshTokenTags(newest.tags);
  if (source !== 'sweep' || previousVersion === undefined || input.published.has(attemptId)) return undefined;
  const { vault } = sweep.environment.credentials;
  const version = await consentOver(vault, newest.name, previousVersion);
  const consented = version && (await readRefreshToken(sweep, input.prepared.id, version));
  if (!consented) return undefined;
  if (!sweep.mayRedeem(nowSeconds(sweep.environment.clock))) return { kind: 'not_started' };
  const pin = pinOf(consented, input.prepared);
  const redemption = await redeemVersion(sweep, input, consented, pin);
  const { outcome } = redemption;
  if (outcome.kind === 'refreshed') return store(sweep, input, redemption, consented, newest, pin);
  if (outcome.kind === 'reconsent') return undefined;
  if (outcome.kind === 'throttled') holdClient(input, outcome);
  return failed(outcome, false, newest);
}

/**
 * One attempt at one access token of an account: read the newest refresh token, redeem it, store what comes back.
 *
 * @throws VaultError when the refresh token could not be read
 */
export async function attemptAccount(sweep: SweepState, input: AttemptInput): Promise<AttemptResult> {
  const newest = await readRefreshToken(sweep, input.prepared.id);
  if (newest === undefined) return { kind: 'pending_consent' };
  const { client, registration } = input.prepared;
  const held = client.heldIn(registration.tenant);
  if (held !== undefined) return failed(held, false, newest);
  await takeWritePermits(sweep);
  const restored = await restoreConsent(sweep, input, newest);
  if (restored !== undefined) return restored;
  if (!sweep.mayRedeem(nowSeconds(sweep.environment.clock))) return { kind: 'not_started' };
  return redeemNewest(sweep, input, newest, 'may_look_again');
}

/** The only user whose tokens may be stored: the one of the refresh token, else the registered one. */
function pinOf(token: StoredSecret, { registration }: PreparedAccount): User | undefined {
  return readRefreshTokenTags(token.tags).user ?? registration.user;
}

function refreshTokenFault(token: StoredSecret, { registration }: PreparedAccount): FailureFacts | undefined {
  const { user, attemptId } = readRefreshTokenTags(token.tags);
  const fault = refreshTokenValueFault(token.value, attemptId === undefined);
  if (fault !== undefined) {
    return localFacts(
      'refresh_token_malformed',
      `The refresh token in "${token.name}" ${fault}.`,
      'Store the bare token again, without a line end, or consent again.',
    );
  }
  if (user !== undefined && registration.user !== undefined && !sameUser(user, registration.user)) {
    return localFacts(
      'user_mismatch',
      `The refresh token in "${token.name}" belongs to another user than "user" in the registration.`,
      'Consent again as the registered user, or correct "user" in the registration.',
    );
  }
  return undefined;
}

/** Both permits before the redemption: a token that waits for its turn is a token that a crash loses. */
async function takeWritePermits({ environment }: SweepState): Promise<void> {
  await Promise.all([environment.credentials.pacer.take(), environment.tokens.pacer.take()]);
}

const holdClient = ({ prepared }: AttemptInput, outcome: Extract<Outcome, { kind: 'throttled' }>): void =>
  prepared.client.hold(prepared.registration.tenant, outcome);

const failed = (outcome: FailedOutcome, proven: boolean, judged: StoredSecret): AttemptResult => ({
  kind: 'failed',
  outcome,
  proven,
  judgedId: judgedIdOf(judged),
  judgedVersion: judged.version,
  ...omitUndefined({ judgedGrantId: grantIdOf(readRefreshTokenTags(judged.tags)) }),
});

async function redeemNewest(
  sweep: SweepState,
  input: AttemptInput,
  found: StoredSecret,
  look: Look,
): Promise<AttemptResult> {
  const fault = refreshTokenFault(found, input.prepared);
  if (fault !== undefined) return { kind: 'unusable', facts: fault };
  const newest = await withAttemptId(sweep, found);
  const pin = pinOf(newest, input.prepared);
  const redemption = await redeemVersion(sweep, input, newest, pin);
  const { outcome } = redemption;
  switch (outcome.kind) {
    case 'refreshed':
      return store(sweep, input, redemption, newest, newest, pin);
    case 'reconsent':
      return confirmDeath(sweep, input, outcome, newest, look);
    case 'throttled':
      holdClient(input, outcome);
      return failed(outcome, false, newest);
    default:
      return failed(outcome, false, newest);
  }
}

function redeemVersion(
  sweep: SweepState,
  input: AttemptInput,
  refreshToken: StoredSecret,
  pin: User | undefined,
): Promise<Redemption> {
  const { prepared, token, credential, dueReason, round } = input;
  return redeem(sweep, { account: prepared, token, credential, refreshToken, pin, dueReason, round });
}

async function store(
  sweep: SweepState,
  input: AttemptInput,
  redemption: Redemption,
  redeemed: StoredSecret,
  newest: StoredSecret,
  pin: User | undefined,
): Promise<AttemptResult> {
  if (redemption.outcome.kind !== 'refreshed') return failed(redemption.outcome, false, redeemed);
  const { grant } = redemption.outcome;
  const { account, prepared, token, published } = input;
  return storeGrant(sweep, {
    account: prepared,
    token,
    redemption,
    grant,
    redeemed,
    newest,
    pin,
    publishedTags: account.accessTokens.get(token.name)?.tags ?? {},
    published,
  });
}

/**
 * A refresh token was refused. Dead it is only when it still is the newest one, and either Entra's word was final
 * or this is the second failure of the same version, minutes apart. A last try is made with the version before.
 */
async function confirmDeath(
  sweep: SweepState,
  input: AttemptInput,
  outcome: Extract<Outcome, { kind: 'reconsent' }>,
  judged: StoredSecret,
  look: Look,
): Promise<AttemptResult> {
  const newest = await readRefreshToken(sweep, input.prepared.id);
  if (newest === undefined) return { kind: 'pending_consent' };
  const now = nowSeconds(sweep.environment.clock);
  if (newest.version !== judged.version) {
    // Somebody stored a newer token meanwhile: that one counts.
    return look === 'may_look_again' && sweep.mayRedeem(now)
      ? redeemNewest(sweep, input, newest, 'last_look')
      : { kind: 'superseded' };
  }
  const proven = outcome.conclusive || doubtedBefore(input, judged, now);
  if (!proven || !outcome.previousVersionMayWork) return failed(outcome, proven, judged);
  const rescue = await tryPreviousVersion(sweep, input, newest);
  if (rescue === 'refused') return failed(outcome, true, judged);
  return rescue === 'unclear' ? failed(outcome, false, judged) : rescue;
}

function doubtedBefore(
  { suspectedVersion, account, token }: AttemptInput,
  judged: StoredSecret,
  now: EpochSeconds,
): boolean {
  if (suspectedVersion === judged.version) return true;
  const { failure } = account;
  if (failure === undefined || !isAbout(failure, token, judged)) return false;
  if (failure.state === 'reconsent') return true;
  // Sweeps may overlap. The doubt is at least as old as its record, whose waiting time is nothing.
  return failure.suspected && now - failure.nextAttemptAt >= confirmationDelaySeconds;
}

/** The verdict was passed on this refresh token, or on its grant for this access token. */
function isAbout(failure: FailureRecord, { name }: RegisteredToken, judged: StoredSecret): boolean {
  const { tokens, grantId, judgedId } = failure;
  if (tokens !== undefined && (name === undefined || !tokens.includes(name))) return false;
  if (grantId === undefined) return judgedId === judgedIdOf(judged);
  return grantId === grantIdOf(readRefreshTokenTags(judged.tags));
}

/** Never across a consent or a token stored by hand: the one before belongs to another grant, perhaps another user. */
async function tryPreviousVersion(
  sweep: SweepState,
  input: AttemptInput,
  newest: StoredSecret,
): Promise<AttemptResult | 'refused' | 'unclear'> {
  const pin = pinOf(newest, input.prepared);
  const { source, previousVersion } = readRefreshTokenTags(newest.tags);
  if (source !== 'sweep' || previousVersion === undefined) return 'refused';
  const previous = await readRefreshToken(sweep, input.prepared.id, previousVersion);
  if (previous === undefined) return 'refused';
  if (!sweep.mayRedeem(nowSeconds(sweep.environment.clock))) return 'unclear';
  const redemption = await redeemVersion(sweep, input, previous, pin);
  const { kind } = redemption.outcome;
  if (kind === 'refreshed') return store(sweep, input, redemption, previous, newest, pin);
  return ['reconsent', 'configuration', 'policy'].includes(kind) ? 'refused' : 'unclear';
}
