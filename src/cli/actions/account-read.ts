import type { ListedAccessToken } from '../../accounts/access-token-secret.ts';
import type { Account } from '../../accounts/account.ts';
import type { User } from '../../accounts/entra-ids.ts';
import { readSnapshot } from '../../status/snapshot.ts';
import { countsText, stateWord } from '../../status/words.ts';
import type { AccountStatus } from '../../sweep/account-status.ts';
import { accountJson } from '../../sweep/sweep-report.ts';
import { isoTime } from '../../time.ts';
import { findAccount, readRegistration } from '../accounts.ts';
import { exitCodes, type Result } from '../result.ts';
import type { AccountOptions, Session, TableOptions } from '../session.ts';
import { table } from '../table.ts';
import { accountColumns, ifWide, why } from './accounts-text.ts';

async function statuses(session: Session): Promise<readonly AccountStatus[]> {
  const { accounts } = await readSnapshot(session.environment, await session.list());
  return accounts;
}

const listColumns = [
  accountColumns.account,
  accountColumns.state,
  accountColumns.client,
  ifWide(accountColumns.tenant),
  ifWide(accountColumns.owner),
];

/** All accounts with what the listing says of their registrations. */
export async function list(session: Session, options: TableOptions): Promise<Result> {
  const accounts = await statuses(session);
  const { terminal } = session;
  const drawn = accounts.length === 0 ? [] : [table(terminal, listColumns, accounts, options.wide)];
  return {
    exitCode: exitCodes.fine,
    json: accounts.map(({ account, state, client, tenant, owner }) => ({
      account,
      state,
      client,
      tenant,
      owner,
    })),
    text: [...drawn, terminal.sentences(countsText(accounts))].join('\n'),
  };
}

function refreshTokenFields({ refreshToken }: Account) {
  if (refreshToken === undefined) return undefined;
  const { enabled, generation, source, user, signedInAs, createdAt, expiresAt } = refreshToken;
  return {
    enabled,
    generation,
    source,
    user,
    signedInAs,
    createdAt: isoTime(createdAt),
    expiresAt: expiresAt === undefined ? undefined : isoTime(expiresAt),
  };
}

const userText = (user: User | undefined): string | undefined =>
  user && `object id ${user.objectId} in tenant ${user.tenantId}`;

/** The same for people: the pinned user, and beside it the ids that the user signed in with. */
function refreshTokenText(fields: NonNullable<ReturnType<typeof refreshTokenFields>>) {
  const { user, signedInAs, createdAt, expiresAt, ...others } = fields;
  const ids = { user: userText(user), 'signed-in-as': userText(signedInAs) };
  return { ...others, ...ids, createdAt, expiresAt };
}

function accessTokenFields({ enabled, createdAt, expiresAt, tags, name, refreshAfter }: ListedAccessToken) {
  return {
    secret: name,
    enabled,
    scope: tags['scope'],
    resource: tags['resource'],
    createdAt: isoTime(createdAt),
    expiresAt: expiresAt === undefined ? undefined : isoTime(expiresAt),
    refreshAfter: refreshAfter === undefined ? undefined : isoTime(refreshAfter),
  };
}

const lines = (heading: string, fields: Readonly<Record<string, unknown>> | undefined): string[] =>
  fields === undefined
    ? [`${heading}: none`]
    : [
        `${heading}:`,
        ...Object.entries(fields).flatMap(([name, value]) =>
          value === undefined
            ? []
            : [`  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`],
        ),
      ];

/** One account: its registration, its state, and what the tags say of its tokens. */
export async function show(session: Session, options: AccountOptions): Promise<Result> {
  const { account: id } = options;
  const account = await findAccount(session, id);
  const status = (await statuses(session)).find((other) => other.account === id);
  const registration = await readRegistration(session, id);
  const fault = registration?.ok === false ? registration.fault : undefined;
  const fields = registration?.ok ? registration.fields : undefined;
  const tokens = {
    refreshToken: refreshTokenFields(account),
    accessTokens: [...account.accessTokens.values()].map(accessTokenFields),
  };
  const unread = fault ?? (account.registration === undefined ? 'there is none' : 'the account is paused');
  return {
    exitCode: fault === undefined ? exitCodes.fine : exitCodes.needsHuman,
    json: { ...(status && accountJson(status)), registration: fields, registrationFault: fault, ...tokens },
    text: [
      `${id}: ${stateWord(status?.state ?? 'healthy')}`,
      ...(status?.cause === undefined ? [] : [`  ${why(status)}`]),
      ...(status?.nextAttemptAt === undefined ? [] : [`  next attempt: ${isoTime(status.nextAttemptAt)}`]),
      ...(fields === undefined ? [`registration: ${unread}`] : lines('registration', fields)),
      ...lines('refresh token', tokens.refreshToken && refreshTokenText(tokens.refreshToken)),
      ...(tokens.accessTokens.length === 0 ? [undefined] : tokens.accessTokens).flatMap((token) =>
        lines('access token', token),
      ),
    ].join('\n'),
  };
}
