/**
 * The room of refreshing: one account, from its registration to the stored tokens.
 *
 * In: an account with what is due, and its client. Out: a result for each access token; the rotated refresh token and
 * the access tokens are stored then, or the loudest event says they are not. `prepare-account` reads and checks, this file
 * redeems in turn, `rotation` stores, `results` holds all that follows from each result.
 */

import type { Account } from '../accounts/account.ts';
import { canBe } from '../accounts/entra-ids.ts';
import { grantIdOf, isOfOtherClient, type StoredRefreshToken } from '../accounts/refresh-token-secret.ts';
import { refreshTokenValueFault } from '../accounts/stored-value.ts';
import type { Outcome, RefreshGrant, TokenGrant } from '../oauth/outcome.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { localReason, type Reason } from '../reason.ts';
import { nowSeconds } from '../time.ts';
import type { SweepState } from './environment.ts';
import type { PreparedAccount } from './prepare-account.ts';
import { judgedIdOf, proofOf, type Refusal, readRefreshToken, withAttemptId } from './read-refresh-token.ts';
import { pinOf, type Redemption, type RedemptionInput, redeem } from './redemption.ts';
import { type StoredGrant, storeGrant, takePermits, type WritePermits } from './rotation.ts';
import type { Origin } from './rotation-writes.ts';
import { readCounting } from './superseded-versions.ts';

export type FailedOutcome = Exclude<Outcome, { kind: 'refreshed' }>;

/** Which refresh token a failure speaks of. */
interface Judged {
  /** For `reconsent`: the grant's death is proven. */
  readonly proven: boolean;
  /** Of the newest version. */
  readonly judgedId: string;
  /** Versions that were refused. */
  readonly judgedVersions: readonly string[];
  /** Absent for a refresh token that was stored by hand. */
  readonly judgedGrantId?: string;
}

/** What one attempt at an account came to. */
export type AttemptResult =
  | Exclude<StoredGrant, { kind: 'kept' }>
  | (FailedOutcome & Judged)
  /** Something in the vault cannot be used; nothing was sent. */
  | { readonly kind: 'unusable'; readonly facts: Reason }
  | { readonly kind: 'pending_consent' }
  /** Deadline or broken vault: nothing was sent. */
  | { readonly kind: 'not_started' };

interface AttemptInput extends RedemptionInput {
  readonly account: Account;
  /** The attempts whose access tokens the account has published, in this sweep too. */
  readonly published: ReadonlySet<string | undefined>;
  /** The refresh-token versions that earlier attempts of this sweep doubted. */
  readonly suspectedVersions: ReadonlySet<string>;
  /** For a consent's further access token: the grant, which alone counts. */
  readonly consent?: string;
}

/**
 * One attempt at one access token of an account: read the refresh token that counts, redeem it, store what comes back.
 *
 * @throws VaultError when the refresh token could not be read
 */
export async function attemptAccount(sweep: SweepState, input: AttemptInput): Promise<AttemptResult> {
  const { environment } = sweep;
  const { client, registration, id } = input.prepared;
  const found = await readCounting(environment.credentials.vault, id, input.published);
  if (found === undefined) return { kind: 'pending_consent' };
  const held = client.heldIn(registration.tenant);
  if (held !== undefined) return { ...held, ...judgedBy(found.newest) };
  const permits = await takePermits(environment);
  try {
    if (!sweep.mayRedeem()) return { kind: 'not_started' };
    return await new Attempt(sweep, input, permits).redeem(found.counting, found.newest);
  } finally {
    permits.giveBack();
  }
}

function refreshTokenFault(token: StoredRefreshToken, { registration }: PreparedAccount): Reason | undefined {
  const { user, attemptId } = token;
  const fault = refreshTokenValueFault(token.value, attemptId === undefined);
  if (fault !== undefined) {
    return localReason(
      'refresh_token_malformed',
      `The refresh token in "${token.name}" ${fault}.`,
      'Store the bare token again, without a line end, or consent again.',
    );
  }
  if (user !== undefined && registration.user !== undefined && !canBe(user, registration.user)) {
    return localReason(
      'user_mismatch',
      `The refresh token in "${token.name}" belongs to another user than "user" in the registration.`,
      'Consent again as the registered user, or correct "user" in the registration.',
    );
  }
  return undefined;
}

const judgedBy = (newest: StoredRefreshToken): Judged => ({
  proven: false,
  judgedId: judgedIdOf(newest),
  judgedVersions: [],
  ...omitUndefined({ judgedGrantId: grantIdOf(newest) }),
});

/** The version that counts, and one more: stored meanwhile, or the newest over a consent that is dead. */
const mostRedemptions = 2;

class Attempt {
  readonly #sweep: SweepState;
  readonly #input: AttemptInput;
  readonly #permits: WritePermits;
  /** Versions that were redeemed in this attempt, with whether their death was proven. */
  readonly #verdicts = new Map<string, boolean>();

  constructor(sweep: SweepState, input: AttemptInput, permits: WritePermits) {
    this.#sweep = sweep;
    this.#input = input;
    this.#permits = permits;
  }

  async redeem(found: StoredRefreshToken, newest: StoredRefreshToken): Promise<AttemptResult> {
    const { prepared, consent } = this.#input;
    if (!this.#isOwn(found)) return { kind: 'pending_consent' };
    const fault = refreshTokenFault(found, prepared);
    if (fault !== undefined) return { kind: 'unusable', facts: fault };
    const redeemed = await withAttemptId(this.#sweep.environment, found);
    if (consent !== undefined && grantIdOf(redeemed) !== consent) return { kind: 'superseded' };
    const origin = { redeemed, newest: newest.version === redeemed.version ? redeemed : newest };
    this.#verdicts.set(redeemed.version, false);
    const redemption = await redeem(this.#sweep, this.#input, redeemed);
    if (redemption.kind === 'refreshed') return this.#store(redemption, redemption.grant, origin);
    if (redemption.kind === 'reconsent') return this.#confirmDeath(redemption, redeemed);
    if (redemption.kind === 'throttled') prepared.client.hold(prepared.registration.tenant, redemption);
    const failed = { ...redemption, ...judgedBy(origin.newest) };
    if (failed.kind !== 'malformed' || failed.brought === undefined) return failed;
    const stored = await this.#store(redemption, failed.brought, origin);
    if (stored.kind !== 'kept') return stored;
    return { ...failed, judgedId: stored.attemptId, judgedGrantId: stored.grantId };
  }

  #isOwn(token: StoredRefreshToken): boolean {
    return !isOfOtherClient(token, this.#input.prepared.registration.clientId);
  }

  #store(
    redemption: Redemption,
    grant: TokenGrant,
    origin: Origin,
  ): Promise<Exclude<StoredGrant, { kind: 'kept' }>>;
  #store(redemption: Redemption, grant: RefreshGrant, origin: Origin): Promise<StoredGrant>;
  async #store(
    redemption: Redemption,
    grant: RefreshGrant | TokenGrant,
    origin: Origin,
  ): Promise<StoredGrant> {
    const { account, prepared, token, published, consent } = this.#input;
    const stored = await storeGrant(this.#sweep, {
      account: prepared,
      token,
      rotator: consent === undefined ? 'sweep' : 'consent',
      permits: this.#permits,
      redemption,
      grant,
      origin,
      pin: pinOf(origin.redeemed, prepared),
      publishedTags: account.accessTokens.get(token.name)?.tags ?? {},
      published,
    });
    if ('error' in stored) this.#sweep.reportWriteFailure(stored.error);
    return stored;
  }

  /**
   * A refresh token was refused. Dead it is only when it still is the one that counts, and either Entra's word was
   * final or this is the second failure of the same version, minutes apart. A last try, once, when the account would
   * be told dead now, is made with the version before.
   */
  async #confirmDeath(refusal: Refusal, judged: StoredRefreshToken): Promise<AttemptResult> {
    const { clock, credentials } = this.#sweep.environment;
    const proof = proofOf(this.#input, refusal, judged, nowSeconds(clock));
    this.#verdicts.set(judged.version, proof !== undefined);
    const found = await readCounting(credentials.vault, this.#input.prepared.id, new Set());
    if (found === undefined) return { kind: 'pending_consent' };
    const { newest, counting } = found;
    // Somebody stored a newer one meanwhile, or the line goes on beside the newest: that one counts.
    if (!this.#verdicts.has(counting.version)) return this.#goOn(counting, newest);
    if (proof !== undefined && !this.#verdicts.has(newest.version)) return this.#goOn(newest, newest);
    const isProven = [counting, newest].every(({ version }) => this.#verdicts.get(version));
    const isToldNow = isProven && proof === 'now' && refusal.previousVersionMayWork;
    const rescue = isToldNow ? await this.#tryPreviousVersion(newest) : 'refused';
    if (typeof rescue === 'object') return rescue;
    const judgedVersions = [...this.#verdicts.keys()];
    return { ...refusal, ...judgedBy(newest), proven: isProven && rescue === 'refused', judgedVersions };
  }

  #goOn(found: StoredRefreshToken, newest: StoredRefreshToken): Promise<AttemptResult> | AttemptResult {
    const isOver = this.#verdicts.size === mostRedemptions || !this.#sweep.mayRedeem();
    return isOver ? { kind: 'superseded' } : this.redeem(found, newest);
  }

  /** Never across a consent or a token stored by hand: the one before belongs to another grant, perhaps another user. */
  async #tryPreviousVersion(newest: StoredRefreshToken): Promise<AttemptResult | 'refused' | 'unclear'> {
    const { source, previousVersion } = newest;
    if (source !== 'sweep' || previousVersion === undefined) return 'refused';
    const { vault } = this.#sweep.environment.credentials;
    const previous = await readRefreshToken(vault, newest.name, previousVersion);
    if (previous === undefined || !this.#isOwn(previous) || this.#verdicts.has(previousVersion))
      return 'refused';
    if (!this.#sweep.mayRedeem()) return 'unclear';
    const redemption = await redeem(this.#sweep, this.#input, previous);
    if (redemption.kind === 'refreshed')
      return this.#store(redemption, redemption.grant, { redeemed: previous, newest });
    return ['reconsent', 'configuration', 'policy'].includes(redemption.kind) ? 'refused' : 'unclear';
  }
}
