import { secretName } from '../accounts/account-id.ts';
import { refreshTokenWrite } from '../accounts/refresh-token-secret.ts';
import { notingOrigin, registrationTags, summarize } from '../accounts/registration-tags.ts';
import { sameUser } from '../accounts/user.ts';
import type { Credential } from '../client/credential.ts';
import { lackingScopes } from '../oauth/granted-scopes.ts';
import { type SignedInUser, verifyIdToken } from '../oauth/id-token.ts';
import { judge } from '../oauth/judge.ts';
import type { FailureFacts, TokenGrant } from '../oauth/outcome.ts';
import { buildTokenRequest } from '../oauth/token-request.ts';
import type { TrustedIssuer } from '../oauth/trusted-issuers.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { publishGrant } from '../refresh/store-grant.ts';
import { refusedByVault, reportTokenLoss } from '../refresh/token-loss.ts';
import { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import type { ConsentAccount } from './consent-account.ts';
import type { ConsentAttempt } from './consent-cookie.ts';
import type { Receipt } from './consent-receipt.ts';
import { publishFurther, vaultCode } from './further-tokens.ts';
import type { RefusedOutcome } from './refusal-words.ts';
import { type NotStored, storeOverSweeps } from './store-over-sweeps.ts';

/** How a consent ended. */
export type ConsentResult =
  | ({ readonly kind: 'completed' } & Receipt)
  | { readonly kind: 'refused_by_entra'; readonly outcome: RefusedOutcome; readonly facts: FailureFacts }
  | { readonly kind: 'id_token_invalid'; readonly reason: string }
  | { readonly kind: 'other_user'; readonly userName: string | undefined }
  | { readonly kind: 'no_refresh_token' }
  /** The new refresh token is lost; the vault's failure as a stable word. */
  | { readonly kind: 'not_stored'; readonly code: string }
  /** The consent stands; the next sweep publishes the access token, or those that are missing. */
  | { readonly kind: 'not_published'; readonly code: string };

export interface CompletionInput {
  readonly account: ConsentAccount;
  readonly attempt: ConsentAttempt;
  readonly code: Sensitive;
  readonly redirectUri: string;
  /** Found before the code is spent. */
  readonly issuer: TrustedIssuer;
}

interface Redeemed {
  readonly grant: TokenGrant;
  readonly attemptId: string;
  readonly requestedAt: EpochSeconds;
  /** With which the client proved itself. */
  readonly credential: Credential;
}

/** Sent once and never again: a second try would burn the code (Entra: 54005). */
async function redeemCode(
  environment: RefreshEnvironment,
  input: CompletionInput,
): Promise<Redeemed | Extract<ConsentResult, { kind: 'refused_by_entra' }>> {
  const { prepared } = input.account;
  const { registration, authority, client } = prepared;
  const read = await client.readForOneTry();
  if (!read.ok) return { kind: 'refused_by_entra', outcome: 'credential', facts: read.facts };
  const { credential } = read;
  const clientAuthentication = await client.authenticate(credential, registration);
  const attemptId = environment.createId();
  const requestedAt = nowSeconds(environment.clock);
  const exchange = await environment.endpoint.send(
    buildTokenRequest({
      authority,
      tenant: registration.tenant,
      clientId: registration.clientId,
      clientAuthentication,
      grant: {
        type: 'authorization_code',
        code: input.code,
        redirectUri: input.redirectUri,
        codeVerifier: new Sensitive(input.attempt.codeVerifier),
      },
      audience: registration.tokens[0].audience,
      attemptId,
    }),
  );
  const outcome = judge(exchange, nowSeconds(environment.clock));
  return outcome.kind === 'refreshed'
    ? { grant: outcome.grant, attemptId, requestedAt, credential }
    : { kind: 'refused_by_entra', outcome: outcome.kind, facts: outcome.facts };
}

/** The account's user by pin, else by the login hint: one of them is always there. */
function isExpectedUser({ pin, prepared }: ConsentAccount, user: SignedInUser): boolean {
  if (pin !== undefined) return sameUser(pin, user);
  return prepared.registration.loginHint?.toLowerCase() === user.userName?.toLowerCase();
}

/** Stores the consent's refresh token: the first of its grant. */
async function storeFirst(
  environment: RefreshEnvironment,
  input: CompletionInput,
  { grant, attemptId, requestedAt }: Redeemed & { grant: { refreshToken: Sensitive } },
  user: SignedInUser,
): Promise<NotStored | undefined> {
  const { prepared, refreshToken: replaced } = input.account;
  const previous = replaced === undefined ? {} : { previousVersion: replaced.version };
  const tags = { generation: 0, source: 'consent' as const, attemptId, user, ...previous };
  const write = refreshTokenWrite(grant.refreshToken, replaced?.tags ?? {}, tags, {
    from: requestedAt,
    lifetimeSeconds: grant.refreshTokenExpiresInSeconds,
    longestSeconds: environment.policy.secretExpirySeconds,
  });
  await environment.credentials.pacer.take();
  return storeOverSweeps(environment, prepared.id, write, attemptId);
}

/** The registration's tags without the failure that this consent ended; the next sweep would find the same. */
async function clearFailure(
  { credentials }: RefreshEnvironment,
  { prepared }: ConsentAccount,
): Promise<void> {
  const { registrationSecret, registration, id } = prepared;
  const tags = registrationTags(notingOrigin(registrationSecret), summarize(registration), undefined);
  try {
    await credentials.vault.update(secretName('registration', id), registrationSecret.version, { tags });
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
  }
}

const lackingOf = ({ prepared }: ConsentAccount, { grant }: Redeemed): readonly string[] =>
  lackingScopes(prepared.registration.tokens[0].audience, grant.scope);

function emitCompleted(
  environment: RefreshEnvironment,
  { account }: CompletionInput,
  redeemed: Redeemed,
): void {
  const { registration, id } = account.prepared;
  environment.telemetry.emit({
    name: 'ConsentCompleted',
    properties: {
      account: id,
      client: registration.clientId,
      tenant: registration.tenant,
      owner: registration.owner,
      endpoint: registration.tokens[0].audience.endpoint,
      attemptId: redeemed.attemptId,
      kind: account.refreshToken === undefined ? 'first' : 'repeated',
      lackingScopes: lackingOf(account, redeemed).join(' ') || undefined,
    },
    measurements: { expiresInSeconds: redeemed.grant.expiresInSeconds },
  });
}

async function storeConsent(
  environment: RefreshEnvironment,
  input: CompletionInput,
  redeemed: Redeemed & { grant: { refreshToken: Sensitive } },
  user: SignedInUser,
): Promise<ConsentResult> {
  const { account } = input;
  const failed = await storeFirst(environment, input, redeemed, user);
  if (failed !== undefined) {
    const lost = { account: account.prepared, attemptId: redeemed.attemptId, newest: account.refreshToken };
    reportTokenLoss({ environment }, lost, refusedByVault(failed.error, failed.attempts));
    return { kind: 'not_stored', code: vaultCode(failed.error) };
  }
  await environment.tokens.pacer.take();
  const toPublish = {
    account: account.prepared,
    token: account.prepared.registration.tokens[0],
    grant: redeemed.grant,
    redemption: redeemed,
    publishedTags: {},
  };
  const { attemptId } = redeemed;
  const published = await publishGrant(environment, toPublish, { attemptId, grantId: attemptId });
  if (published.kind === 'not_stored') return { kind: 'not_published', code: vaultCode(published.error) };
  const { credential } = redeemed;
  const consented = { account: account.prepared, credential, grantId: attemptId, user };
  const further = await publishFurther(environment, consented);
  await clearFailure(environment, account);
  emitCompleted(environment, input, redeemed);
  if (further.failed !== undefined) return { kind: 'not_published', code: further.failed };
  const accessTokenExpiresAt = Math.min(published.expiresAt, ...further.expiries);
  return {
    kind: 'completed',
    account: account.prepared.id,
    accessTokenExpiresAt,
    lackingScopes: lackingOf(account, redeemed),
  };
}

const hasRefreshToken = (redeemed: Redeemed): redeemed is Redeemed & { grant: { refreshToken: Sensitive } } =>
  redeemed.grant.refreshToken !== undefined;

/**
 * Ends a consent: redeems the code once, checks who signed in, stores the refresh token and publishes the access
 * token. Another user's tokens are dropped.
 */
export async function completeConsent(
  environment: RefreshEnvironment,
  input: CompletionInput,
): Promise<ConsentResult> {
  const redeemed = await redeemCode(environment, input);
  if ('kind' in redeemed) return redeemed;
  const { registration } = input.account.prepared;
  const { idToken } = redeemed.grant;
  if (idToken === undefined) return { kind: 'id_token_invalid', reason: 'missing' };
  const verified = await verifyIdToken(idToken, {
    endpoint: registration.tokens[0].audience.endpoint,
    issuer: input.issuer,
    clientId: registration.clientId,
    nonce: input.attempt.nonce,
    now: nowSeconds(environment.clock),
  });
  if (verified.kind === 'invalid') return { kind: 'id_token_invalid', reason: verified.reason };
  if (!isExpectedUser(input.account, verified.user))
    return { kind: 'other_user', userName: verified.user.userName };
  if (!hasRefreshToken(redeemed)) return { kind: 'no_refresh_token' };
  return storeConsent(environment, input, redeemed, verified.user);
}
