import { type Account, buildAccounts } from '../../accounts/account.ts';
import { needsHuman } from '../../accounts/account-state.ts';
import { isPersonalTenant, parseTenant } from '../../accounts/entra-ids.ts';
import type { RegisteredToken, Registration } from '../../accounts/registration.ts';
import { clientCredentials, renewalNoticeSeconds } from '../../client/client-credentials.ts';
import { signingKeyName } from '../../consent/signing-key.ts';
import type { Preparation } from '../../refresh/prepare-account.ts';
import { advice } from '../../status/credentials-table.ts';
import { distance, stateWord } from '../../status/words.ts';
import type { AccountStatus } from '../../sweep/account-status.ts';
import type { ListedVaults } from '../../sweep/listing.ts';
import { type EpochSeconds, isoTime, secondsPerDay } from '../../time.ts';
import { type Finding, note, problem, warning } from './finding.ts';

/** What was found out about accounts. */
export interface AccountFacts {
  readonly listed: ListedVaults;
  readonly accounts: readonly AccountStatus[];
  /** By id; absent where the registration could not be read. */
  readonly preparations: ReadonlyMap<string, Preparation>;
}

const named = (id: string): string => `account ${id}`;

/** Registrations that no sweep can use, and client credentials that nothing can be redeemed with. */
function unusable({ preparations }: AccountFacts): Finding[] {
  const credentials = new Map<string, Finding>();
  const registrations = [...preparations].flatMap(([id, preparation]) => {
    if (preparation.kind === 'unusable')
      return [problem(named(id), preparation.facts.cause, preparation.facts.remedy)];
    if (preparation.kind === 'gone') return [];
    const { client, registration } = preparation.account;
    const { credential } = client;
    if (!credential.ok) {
      const where = `client ${registration.clientId}`;
      const { cause, remedy } = credential.facts;
      credentials.set(`${where} ${cause}`, problem(where, cause, remedy));
    }
    return [];
  });
  return [...registrations, ...credentials.values()];
}

/** Accounts whose state says that a human is needed: lost grants, orphans, policies, rejected credentials. */
function states({ accounts, preparations }: AccountFacts): Finding[] {
  return accounts.filter(needsHuman).flatMap((account) => {
    const { account: id, state, cause = '', remedy = '' } = account;
    const preparation = preparations.get(id);
    const told =
      preparation?.kind === 'unusable' ||
      (preparation?.kind === 'prepared' && !preparation.account.client.credential.ok);
    if (told) return [];
    const level = state === 'pending_consent' || state === 'orphaned' ? warning : problem;
    return [level(named(id), `${stateWord(state)}: ${cause}`, remedy)];
  });
}

/** Accounts that are well and whose registration no longer names their user. */
function otherHints({ accounts }: AccountFacts): Finding[] {
  return accounts.flatMap(({ account, code, cause = '', remedy = '' }) =>
    code === 'login_hint_changed' ? [warning(named(account), cause, remedy)] : [],
  );
}

/** When the client credentials end: a note of an operator, a certificate's own end, or nobody knows. */
function credentialExpiry({ accounts, listed }: AccountFacts, now: EpochSeconds): Finding[] {
  return clientCredentials(accounts, listed.credentials).flatMap((credential) => {
    const { expiry, expiresAt, fallback, client } = credential;
    const where = `client ${client}`;
    const secret = `"${credential.credentialSecret}" (accounts: ${credential.accounts})`;
    if (expiry === 'none')
      return [
        note(
          where,
          credential.method === 'none'
            ? 'A public client: it has no secret, and nothing of it ends.'
            : "Proven by the app's managed identity: only the app's own sweeps tell whether that works.",
        ),
      ];
    if (expiry === 'missing') return [];
    const passedOver = fallback
      ? [problem(where, `Entra rejects the newest version of ${secret}.`, advice(credential))]
      : [];
    if (expiresAt === undefined)
      return [
        ...passedOver,
        warning(
          where,
          `Expiry unknown: nobody noted when ${secret} ends.`,
          advice({ ...credential, fallback: false }),
        ),
      ];
    const level = expiresAt <= now ? problem : warning;
    const what = `${secret} ${expiresAt <= now ? 'ended' : 'ends'} ${distance(expiresAt, now)}.`;
    const isFar = expiresAt - now >= renewalNoticeSeconds;
    return [
      ...passedOver,
      isFar ? note(where, what) : level(where, what, advice({ ...credential, fallback: false })),
    ];
  });
}

const audienceText = ({ audience }: RegisteredToken): string =>
  audience.endpoint === 'v2' ? audience.scopes.join(' ') : audience.resource;

/** What each published token was asked for, against what is registered now. */
function scopes(account: Account, { tokens }: Registration): Finding[] {
  return tokens.flatMap((token) => scopesOf(account, token));
}

function scopesOf(account: Account, token: RegisteredToken): Finding[] {
  const secret = account.accessTokens.get(token.name);
  if (secret === undefined) return [];
  const published = secret.tags['scope'] ?? secret.tags['resource'];
  const wanted = audienceText(token);
  const cut = published?.endsWith('…') === true && wanted.startsWith(published.slice(0, -1));
  if (published === undefined || published === wanted || cut) return [];
  const which = token.name === undefined ? 'published token' : `published token "${token.name}"`;
  const what = `The ${which} is for "${published}", the registration asks for "${wanted}".`;
  return [
    warning(
      named(account.id),
      what,
      'Wait for the next sweep, or refresh it now; if it stays, the user must consent to the new scopes.',
    ),
  ];
}

/**
 * Azure AD Graph by address and application id. It answers nothing since July 2025 (Microsoft Entra blog, Action required:
 * Azure AD Graph API retirement), although Entra may still give tokens for it.
 */
const azureAdGraph = /^(https:\/\/graph\.windows\.net|00000002-0000-0000-c000-000000000000)(\/|$)/i;

function endedApis({ id }: Account, { tokens }: Registration): Finding[] {
  const asked = tokens.flatMap(({ audience }) =>
    audience.endpoint === 'v2' ? audience.scopes : [audience.resource],
  );
  if (!asked.some((each) => azureAdGraph.test(each))) return [];
  return [
    problem(
      named(id),
      'It asks for tokens of Azure AD Graph (graph.windows.net), which has ended and answers nothing.',
      'Register it for Microsoft Graph, with scopes like https://graph.microsoft.com/User.Read, and let the user consent again.',
    ),
  ];
}

/** Microsoft Advertising's API, in its own guide's spelling (Microsoft Advertising: Authentication with OAuth). */
const advertising = /^https:\/\/ads\.microsoft\.com\//i;

/**
 * Accounts that may be personal ones and are registered with `common`: refresh tokens of personal accounts from there
 * were refused at the first refresh, those from `consumers` were not (Softeria/ms-365-mcp-server #522).
 */
function personalOnCommon(account: Account, { tenant, tokens, user }: Registration): Finding[] {
  if (tenant !== 'common') return [];
  const known = parseTenant((account.refreshToken?.user ?? user)?.tenantId ?? '');
  const asksAds = tokens.some(
    ({ audience }) => audience.endpoint === 'v2' && audience.scopes.some((scope) => advertising.test(scope)),
  );
  if (known === undefined ? !asksAds : !isPersonalTenant(known)) return [];
  const who =
    known === undefined
      ? 'If its user has a personal account, Entra'
      : 'Its user has a personal account: Entra';
  return [
    warning(
      named(account.id),
      `It is registered with the tenant common. ${who} may refuse its refresh token at the first refresh.`,
      `token-refresher account update ${account.id} --tenant consumers, then let the user consent again; a work account is registered with its own tenant.`,
    ),
  ];
}

const staleSeconds = 3 * secondsPerDay;
const shortLife = 14 * secondsPerDay;

/** Ages of the tokens; a grant without offline_access shows as a refresh token that nothing renews. */
function ages(account: Account, now: EpochSeconds): Finding[] {
  const { id, registration, refreshToken } = account;
  const published = [...account.accessTokens.values()];
  if (registration?.enabled !== true) return [];
  const consentAgain = 'Allow the application offline_access, and let the user consent again.';
  if (refreshToken === undefined)
    return published.length === 0
      ? []
      : [
          problem(
            named(id),
            'There is an access token and no refresh token: offline_access is missing.',
            consentAgain,
          ),
        ];
  const behind = Math.max(0, ...published.map(({ createdAt }) => createdAt)) - refreshToken.createdAt;
  const stale =
    behind > staleSeconds
      ? [
          warning(
            named(id),
            `Refreshes bring no new refresh token (for ${Math.floor(behind / secondsPerDay)} days): offline_access seems missing.`,
            consentAgain,
          ),
        ]
      : [];
  const { expiresAt } = refreshToken;
  const ending =
    expiresAt !== undefined && expiresAt - now < shortLife
      ? [
          warning(
            named(id),
            `Its refresh token ends ${distance(expiresAt, now)} (${isoTime(expiresAt)}).`,
            'Refresh it now; if it gets no new one, let the user consent again.',
          ),
        ]
      : [];
  return [...stale, ...ending];
}

/** The key that signs consent links; sweeps renew it long before. */
function signingKey({ credentials }: ListedVaults, now: EpochSeconds): Finding[] {
  const expiresAt = credentials.find(({ name }) => name === signingKeyName)?.expiresAt;
  if (expiresAt === undefined || expiresAt > now) return [];
  const what = `"${signingKeyName}" expired ${distance(expiresAt, now)}; links are signed with it all the same.`;
  return [
    warning(
      'consent links',
      what,
      'Each sweep tries to renew it: see whether the app may write to the credentials vault, and whether its timer runs.',
    ),
  ];
}

/** All that is known to be wrong with accounts and clients. */
export function accountFindings(facts: AccountFacts, now: EpochSeconds): Finding[] {
  const { listed, preparations } = facts;
  const each = buildAccounts(listed.credentials, listed.tokens).flatMap((account) => {
    const preparation = preparations.get(account.id);
    if (preparation?.kind !== 'prepared') return ages(account, now);
    const { registration } = preparation.account;
    return [
      ...scopes(account, registration),
      ...endedApis(account, registration),
      ...personalOnCommon(account, registration),
      ...ages(account, now),
    ];
  });
  return [
    ...unusable(facts),
    ...states(facts),
    ...otherHints(facts),
    ...credentialExpiry(facts, now),
    ...signingKey(listed, now),
    ...each,
  ];
}
