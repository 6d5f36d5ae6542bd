import type { ListedAccessToken } from '../../accounts/access-token-secret.ts';
import type { User } from '../../accounts/entra-ids.ts';
import type { ListedRefreshToken } from '../../accounts/refresh-token-secret.ts';
import { countsText, stateWord } from '../../status/words.ts';
import { accountJson } from '../../sweep/sweep-report.ts';
import { isoTime } from '../../time.ts';
import { findAccount, readRegistration } from '../registrations.ts';
import { type CommandResult, fine, resultOf } from '../result.ts';
import type { AccountOptions, Session, TableOptions } from '../session.ts';
import { table } from '../table.ts';
import { accountColumns, ifWide, isoOrNone, why } from './account-columns.ts';

const { account, state, client, tenant, owner } = accountColumns;
const listColumns = [account, state, client, ifWide(tenant), ifWide(owner)];

/** All accounts with what the listing says of their registrations. */
export async function list({ terminal, snapshot }: Session, options: TableOptions): Promise<CommandResult> {
  const { accounts } = await snapshot();
  const drawn = accounts.length === 0 ? [] : [table(terminal, listColumns, accounts, options.wide)];
  return fine(
    accounts.map((each) => ({
      account: each.account,
      state: each.state,
      client: each.client,
      tenant: each.tenant,
      owner: each.owner,
    })),
    [...drawn, terminal.sentences(countsText(accounts))].join('\n'),
  );
}

function refreshTokenFields({ enabled, generation, source, user, signedInAs, ...times }: ListedRefreshToken) {
  const { createdAt, expiresAt } = times;
  const moments = { createdAt: isoTime(createdAt), expiresAt: isoOrNone(expiresAt) };
  return { enabled, generation, source, user, signedInAs, ...moments };
}

const userText = (user: User | undefined): string | undefined =>
  user && `object id ${user.objectId} in tenant ${user.tenantId}`;

/** The same for people: the pinned user, and beside it the ids that the user signed in with. */
function refreshTokenText({ user, signedInAs, createdAt, ...others }: ReturnType<typeof refreshTokenFields>) {
  const { expiresAt, ...first } = others;
  return { ...first, user: userText(user), 'signed-in-as': userText(signedInAs), createdAt, expiresAt };
}

const accessTokenFields = ({ name, enabled, tags, ...times }: ListedAccessToken) => ({
  secret: name,
  enabled,
  scope: tags['scope'],
  resource: tags['resource'],
  createdAt: isoTime(times.createdAt),
  expiresAt: isoOrNone(times.expiresAt),
  refreshAfter: isoOrNone(times.refreshAfter),
});

function lines(heading: string, fields: object | undefined): string[] {
  if (fields === undefined) return [`${heading}: none`];
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return [`${heading}:`, ...known.map(([name, value]) => `  ${name}: ${text(value)}`)];
}

/** One account: its registration, its state, and what the tags say of its tokens. */
export async function show(session: Session, { account: id }: AccountOptions): Promise<CommandResult> {
  const found = await findAccount(session, id);
  const { accounts } = await session.snapshot();
  const status = accounts.find((other) => other.account === id);
  const read = await readRegistration(session, id);
  const fault = read?.ok === false ? read.fault : undefined;
  const registration = read?.ok ? read.fields : undefined;
  const refreshToken = found.refreshToken && refreshTokenFields(found.refreshToken);
  const accessTokens = [...found.accessTokens.values()].map(accessTokenFields);
  const unread = fault ?? (found.registration === undefined ? 'there is none' : 'the account is paused');
  const text = [
    `${id}: ${stateWord(status?.state ?? 'healthy')}`,
    ...(status?.cause === undefined ? [] : [`  ${why(status)}`]),
    ...(status?.nextAttemptAt === undefined ? [] : [`  next attempt: ${isoTime(status.nextAttemptAt)}`]),
    ...(registration === undefined ? [`registration: ${unread}`] : lines('registration', registration)),
    ...lines('refresh token', refreshToken && refreshTokenText(refreshToken)),
    ...(accessTokens.length === 0 ? [undefined] : accessTokens).flatMap((each) =>
      lines('access token', each),
    ),
  ];
  const tokens = { refreshToken, accessTokens };
  const json = { ...(status && accountJson(status)), registration, registrationFault: fault, ...tokens };
  return resultOf(fault === undefined, json, text.join('\n'));
}
