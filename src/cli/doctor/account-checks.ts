import { type Account, buildAccounts } from '../../accounts/account.ts';
import { needsHuman } from '../../accounts/account-state.ts';
import type { AuthenticationMethod } from '../../accounts/client-authentication.ts';
import { isPersonalTenant, parseTenant } from '../../accounts/entra-ids.ts';
import type { RegisteredToken, Registration } from '../../accounts/registration.ts';
import { clientCredentials, renewalNoticeSeconds } from '../../client/credential-report.ts';
import { signingKeyName } from '../../consent/signing-key.ts';
import type { Preparation } from '../../refresh/prepare-account.ts';
import { advice } from '../../status/credentials-table.ts';
import { distance, stateWord } from '../../status/words.ts';
import type { AccountStatus } from '../../sweep/account-status.ts';
import type { ListedVaults } from '../../sweep/listing.ts';
import { type EpochSeconds, isoTime, secondsPerDay } from '../../time.ts';
import { type Findings, note, problem, warning } from './finding.ts';

/** What was found out about accounts. */
interface AccountFacts {
  readonly listed: ListedVaults;
  readonly accounts: readonly AccountStatus[];
  /** By id; absent where the registration could not be read. */
  readonly preparations: ReadonlyMap<string, Preparation>;
}

const named = (id: string): string => `account ${id}`;

/** Registrations that no sweep can use, and client credentials that nothing can be redeemed with. */
function* unusable({ preparations }: AccountFacts): Findings {
  const told = new Set<string>();
  for (const [id, preparation] of preparations) {
    if (preparation.kind === 'unusable')
      yield problem(named(id), preparation.facts.cause, preparation.facts.remedy);
    if (preparation.kind !== 'prepared') continue;
    const { client, registration } = preparation.account;
    if (client.credential.ok) continue;
    const { cause, remedy } = client.credential.facts;
    const where = `client ${registration.clientId}`;
    if (!told.has(where + cause)) yield problem(where, cause, remedy);
    told.add(where + cause);
  }
}

/** Accounts whose state says that a human is needed: lost grants, orphans, policies, rejected credentials. */
function* states({ accounts, preparations }: AccountFacts): Findings {
  for (const { account: id, state, cause = '', remedy = '' } of accounts.filter(needsHuman)) {
    const preparation = preparations.get(id);
    const isTold =
      preparation?.kind === 'unusable' ||
      (preparation?.kind === 'prepared' && !preparation.account.client.credential.ok);
    const level = state === 'pending_consent' || state === 'orphaned' ? warning : problem;
    if (!isTold) yield level(named(id), `${stateWord(state)}: ${cause}`, remedy);
  }
}

/** Accounts that are well and whose registration no longer names their user. */
function* otherHints({ accounts }: AccountFacts): Findings {
  for (const { account, code, cause = '', remedy = '' } of accounts)
    if (code === 'login_hint_changed') yield warning(named(account), cause, remedy);
}

/** When the client credentials end: a note of an operator, a certificate's own end, or nobody knows. */
function* credentialExpiry({ accounts, listed }: AccountFacts, now: EpochSeconds): Findings {
  for (const credential of clientCredentials(accounts, listed.credentials)) {
    const { expiry, expiresAt, fallback } = credential;
    const where = `client ${credential.client}`;
    const secret = `"${credential.credentialSecret}" (accounts: ${credential.accounts})`;
    const renew = advice({ ...credential, fallback: false });
    if (expiry === 'missing') continue;
    if (fallback) yield problem(where, `Entra rejects the newest version of ${secret}.`, advice(credential));
    if (expiry === 'none') yield note(where, withoutSecret(credential.method));
    else if (expiresAt === undefined)
      yield warning(where, `Expiry unknown: nobody noted when ${secret} ends.`, renew);
    else {
      const what = `${secret} ${expiresAt <= now ? 'ended' : 'ends'} ${distance(expiresAt, now)}.`;
      if (expiresAt - now >= renewalNoticeSeconds) yield note(where, what);
      else yield (expiresAt <= now ? problem : warning)(where, what, renew);
    }
  }
}

const withoutSecret = (method: AuthenticationMethod | undefined): string =>
  method === 'none'
    ? 'A public client: it has no secret, and nothing of it ends.'
    : "Proven by the app's managed identity: only the app's own sweeps tell whether that works.";

const audienceText = ({ audience }: RegisteredToken): string =>
  audience.endpoint === 'v2' ? audience.scopes.join(' ') : audience.resource;

/** What each published token was asked for, against what is registered now. */
function* scopes({ id, accessTokens }: Account, { tokens }: Registration): Findings {
  for (const token of tokens) {
    const tags = accessTokens.get(token.name)?.tags ?? {};
    const published = tags['scope'] ?? tags['resource'];
    const wanted = audienceText(token);
    const isCut = published?.endsWith('…') === true && wanted.startsWith(published.slice(0, -1));
    if (published === undefined || published === wanted || isCut) continue;
    const which = token.name === undefined ? 'published token' : `published token "${token.name}"`;
    yield warning(
      named(id),
      `The ${which} is for "${published}", the registration asks for "${wanted}".`,
      'Wait for the next sweep, or refresh it now; if it stays, the user must consent to the new scopes.',
    );
  }
}

/**
 * Azure AD Graph by address and application id. It answers nothing since July 2025 (Microsoft Entra blog, Action required:
 * Azure AD Graph API retirement), although Entra may still give tokens for it.
 */
const azureAdGraph = /^(https:\/\/graph\.windows\.net|00000002-0000-0000-c000-000000000000)(\/|$)/i;

function* endedApis({ id }: Account, { tokens }: Registration): Findings {
  const asked = tokens.map(audienceText).join(' ').split(' ');
  if (!asked.some((each) => azureAdGraph.test(each))) return;
  yield problem(
    named(id),
    'It asks for tokens of Azure AD Graph (graph.windows.net), which has ended and answers nothing.',
    'Register it for Microsoft Graph, with scopes like https://graph.microsoft.com/User.Read, and let the user consent again.',
  );
}

/** Microsoft Advertising's API, in its own guide's spelling (Microsoft Advertising: Authentication with OAuth). */
const advertising = /^https:\/\/ads\.microsoft\.com\//i;

/**
 * Accounts that may be personal ones and are registered with `common`: refresh tokens of personal accounts from there
 * were refused at the first refresh, those from `consumers` were not (Softeria/ms-365-mcp-server #522).
 */
function* personalOnCommon({ id, refreshToken }: Account, { tenant, tokens, user }: Registration): Findings {
  if (tenant !== 'common') return;
  const known = parseTenant((refreshToken?.user ?? user)?.tenantId ?? '');
  const asksAds = tokens.some(
    ({ audience }) => audience.endpoint === 'v2' && audience.scopes.some((scope) => advertising.test(scope)),
  );
  if (known === undefined ? !asksAds : !isPersonalTenant(known)) return;
  const who =
    known === undefined
      ? 'If its user has a personal account, Entra'
      : 'Its user has a personal account: Entra';
  yield warning(
    named(id),
    `It is registered with the tenant common. ${who} may refuse its refresh token at the first refresh.`,
    `token-refresher account update ${id} --tenant consumers, then let the user consent again; a work account is registered with its own tenant.`,
  );
}

const staleSeconds = 3 * secondsPerDay;
const shortLife = 14 * secondsPerDay;
const consentAgain = 'Allow the application offline_access, and let the user consent again.';

/** Ages of the tokens; a grant without offline_access shows as a refresh token that nothing renews. */
function* ages({ id, registration, refreshToken, accessTokens }: Account, now: EpochSeconds): Findings {
  if (registration?.enabled !== true) return;
  if (refreshToken === undefined) {
    const what = 'There is an access token and no refresh token: offline_access is missing.';
    if (accessTokens.size > 0) yield problem(named(id), what, consentAgain);
    return;
  }
  const published = Math.max(0, ...[...accessTokens.values()].map(({ createdAt }) => createdAt));
  const behind = published - refreshToken.createdAt;
  if (behind > staleSeconds) {
    const days = Math.floor(behind / secondsPerDay);
    const what = `Refreshes bring no new refresh token (for ${days} days): offline_access seems missing.`;
    yield warning(named(id), what, consentAgain);
  }
  const { expiresAt } = refreshToken;
  if (expiresAt === undefined || expiresAt - now >= shortLife) return;
  yield warning(
    named(id),
    `Its refresh token ends ${distance(expiresAt, now)} (${isoTime(expiresAt)}).`,
    'Refresh it now; if it gets no new one, let the user consent again.',
  );
}

/** The key that signs consent links; sweeps renew it long before. */
function* signingKey({ credentials }: ListedVaults, now: EpochSeconds): Findings {
  const expiresAt = credentials.find(({ name }) => name === signingKeyName)?.expiresAt;
  if (expiresAt === undefined || expiresAt > now) return;
  yield warning(
    'consent links',
    `"${signingKeyName}" expired ${distance(expiresAt, now)}; links are signed with it all the same.`,
    'Each sweep tries to renew it: see whether the app may write to the credentials vault, and whether its timer runs.',
  );
}

/** All that is known to be wrong with accounts and clients. */
export function* accountFindings(facts: AccountFacts, now: EpochSeconds): Findings {
  const { listed, preparations } = facts;
  yield* unusable(facts);
  yield* states(facts);
  yield* otherHints(facts);
  yield* credentialExpiry(facts, now);
  yield* signingKey(listed, now);
  for (const account of buildAccounts(listed.credentials, listed.tokens)) {
    const preparation = preparations.get(account.id);
    if (preparation?.kind === 'prepared') {
      const { registration } = preparation.account;
      yield* scopes(account, registration);
      yield* endedApis(account, registration);
      yield* personalOnCommon(account, registration);
    }
    yield* ages(account, now);
  }
}
