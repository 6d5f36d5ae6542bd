import { secretName } from '../accounts/account-id.ts';
import { type Pin, sameUser } from '../accounts/entra-ids.ts';
import type { Holder } from '../accounts/refresh-token-secret.ts';
import { loginHintHash, notingGrant, summarize } from '../accounts/registration-summary.ts';
import { notingOrigin, registrationTags } from '../accounts/registration-tags.ts';
import type { Credential } from '../client/credential.ts';
import { type SignedInUser, verifyIdToken } from '../oauth/id-token.ts';
import { judge } from '../oauth/judge.ts';
import type { RefreshGrant, TokenGrant } from '../oauth/outcome.ts';
import { lackingScopes } from '../oauth/scopes.ts';
import { buildTokenRequest } from '../oauth/token-request.ts';
import type { TrustedIssuer } from '../oauth/trusted-issuers.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Reason } from '../reason.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { storeGrant, takePermits } from '../refresh/rotation.ts';
import { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { ignoringVaultErrors } from '../vault/secret-vault.ts';
import { vaultReason } from '../vault/vault-remedy.ts';
import type { ConsentAccount } from './consent-account.ts';
import type { ConsentAttempt } from './consent-attempt.ts';
import { consentedUser } from './consented-user.ts';
import { publishFurther } from './further-tokens.ts';
import type { RefusedOutcome } from './refusal-words.ts';
import type { Receipt } from './signed-texts.ts';

/** How a consent ended. */
export type ConsentResult =
  | ({ readonly kind: 'completed' } & Receipt)
  | { readonly kind: 'refused_by_entra'; readonly outcome: RefusedOutcome; readonly facts: Reason }
  | { readonly kind: 'id_token_invalid'; readonly reason: string }
  | { readonly kind: 'other_user' | 'user_unproven'; readonly userName: string | undefined }
  | { readonly kind: 'no_refresh_token' }
  /** The new refresh token is lost; the vault's failure as a stable word. */
  | { readonly kind: 'not_stored'; readonly code: string }
  /** The consent stands; the next sweep publishes the access token, or those that are missing. */
  | { readonly kind: 'not_published'; readonly code: string };

interface CompletionInput {
  readonly account: ConsentAccount;
  readonly attempt: ConsentAttempt;
  readonly code: Sensitive;
  readonly redirectUri: string;
  /** Found before the code is spent. */
  readonly issuer: TrustedIssuer;
}

interface Redeemed {
  readonly grant: RefreshGrant | TokenGrant;
  /** Why there is no access token in it. */
  readonly fault?: string;
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
  const redeemed = { attemptId, requestedAt, credential };
  if (outcome.kind === 'refreshed') return { ...redeemed, grant: outcome.grant };
  const { kind, facts } = outcome;
  return kind === 'malformed' && outcome.brought !== undefined
    ? { ...redeemed, grant: outcome.brought, fault: facts.code }
    : { kind: 'refused_by_entra', outcome: kind, facts };
}

/** What the refresh token's tags say of its user and client. */
function holderOf({ prepared }: ConsentAccount, user: Pin, signedIn: SignedInUser): Holder {
  const { loginHint, clientId } = prepared.registration;
  const { tenantId, objectId } = signedIn;
  return {
    user,
    clientId,
    ...(sameUser(user, signedIn) ? {} : { signedInAs: { tenantId, objectId } }),
    ...omitUndefined({ loginHintHash: loginHint && loginHintHash(prepared.id, loginHint) }),
  };
}

/** The registration's tags with this consent's grant and without the failure that it ended; the next sweep would find the same. */
async function clearFailure(
  { credentials }: RefreshEnvironment,
  { prepared }: ConsentAccount,
  grantId: string,
): Promise<void> {
  const { registrationSecret, registration, id } = prepared;
  const tags = registrationTags(
    notingGrant(notingOrigin(registrationSecret), grantId),
    summarize(id, registration),
    undefined,
  );
  const { version } = registrationSecret;
  await ignoringVaultErrors(credentials.vault.update(secretName('registration', id), version, { tags }));
}

const lackingOf = ({ prepared }: ConsentAccount, { scope }: RefreshGrant): readonly string[] =>
  lackingScopes(prepared.registration.tokens[0].audience, scope);

function emitCompleted(
  environment: RefreshEnvironment,
  { account }: CompletionInput,
  { grant, attemptId }: Redeemed,
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
      attemptId,
      kind: account.refreshToken === undefined ? 'first' : 'repeated',
      lackingScopes: lackingOf(account, grant).join(' ') || undefined,
    },
    measurements: { expiresInSeconds: 'accessToken' in grant ? grant.expiresInSeconds : undefined },
  });
}

async function storeConsent(
  environment: RefreshEnvironment,
  input: CompletionInput,
  redeemed: Redeemed,
  holder: Holder,
): Promise<ConsentResult> {
  const { prepared: account, refreshToken: replaced } = input.account;
  const { attemptId, credential, fault } = redeemed;
  const permits = await takePermits(environment);
  const stored = await storeGrant(
    { environment },
    {
      account,
      token: account.registration.tokens[0],
      rotator: 'consent',
      permits,
      redemption: redeemed,
      grant: redeemed.grant,
      origin: { replaced, holder },
      pin: undefined,
      publishedTags: {},
      published: new Set(),
    },
  ).finally(permits.giveBack);
  if ('error' in stored) return { kind: stored.kind, code: vaultReason(stored.error).code };
  const further = await publishFurther(environment, { account, credential, grantId: attemptId });
  await clearFailure(environment, input.account, attemptId);
  emitCompleted(environment, input, redeemed);
  const failed = fault ?? further.failed;
  if (failed !== undefined || stored.kind !== 'refreshed')
    return { kind: 'not_published', code: failed ?? stored.kind };
  const accessTokenExpiresAt = Math.min(stored.accessTokenExpiresAt, ...further.expiries);
  const lackingScopes = lackingOf(input.account, redeemed.grant);
  return { kind: 'completed', account: account.id, accessTokenExpiresAt, lackingScopes };
}

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
  const { user: signedIn } = verified;
  const user = consentedUser(input.account.expected, signedIn, redeemed.grant.user);
  if (user.kind !== 'expected') return { kind: user.kind, userName: signedIn.userName };
  if (redeemed.grant.refreshToken === undefined) return { kind: 'no_refresh_token' };
  return storeConsent(environment, input, redeemed, holderOf(input.account, user.pin, signedIn));
}
