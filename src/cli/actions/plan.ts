import { type Account, buildAccounts } from '../../accounts/account.ts';
import { type Decision, type PlannedAccount, plan as planAccounts } from '../../planning/plan.ts';
import { lastSweepOf, nextSweepContext } from '../../status/snapshot.ts';
import { distance } from '../../status/words.ts';
import { type EpochSeconds, isoTime } from '../../time.ts';
import { type CommandResult, fine } from '../result.ts';
import type { Session, TableOptions } from '../session.ts';
import { type Column, table } from '../table.ts';
import { isoOrNone, shortTime } from './account-columns.ts';

/** What is planned for one access token, which only has a name beside others. */
interface PlannedToken {
  readonly account: Account;
  readonly name: string | undefined;
  readonly decision: Decision;
  readonly expiresAt: EpochSeconds | undefined;
}

/** Of the account's published tokens the end that comes first. */
function firstEnd(account: Account): EpochSeconds | undefined {
  const ends = [...account.accessTokens.values()].flatMap(({ expiresAt }) =>
    expiresAt === undefined ? [] : [expiresAt],
  );
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Each access token, or the one decision about the account as a whole. */
function tokensOf({ account, decision, tokens }: PlannedAccount): PlannedToken[] {
  if (tokens.length === 0) return [{ account, name: undefined, decision, expiresAt: firstEnd(account) }];
  return tokens.map((token) => ({
    account,
    name: token.name,
    decision: token.decision,
    expiresAt: account.accessTokens.get(token.name)?.expiresAt,
  }));
}

const lookAgainAt = (decision: Decision): EpochSeconds | undefined =>
  decision.kind === 'due' ? undefined : decision.lookAgainAt;

const decisionFields = ({ decision, expiresAt }: PlannedToken) => ({
  reason: decision.reason,
  accessTokenExpiresAt: isoOrNone(expiresAt),
  lookAgainAt: isoOrNone(lookAgainAt(decision)),
});

function fields(planned: PlannedAccount) {
  const { account, decision } = planned;
  const named = tokensOf(planned).flatMap((token) =>
    token.name === undefined
      ? []
      : [{ name: token.name, due: token.decision.kind === 'due', ...decisionFields(token) }],
  );
  return {
    account: account.id,
    client: account.summary?.clientId,
    owner: account.summary?.owner,
    ...decisionFields({ account, name: undefined, decision, expiresAt: firstEnd(account) }),
    tokens: named.length === 0 ? undefined : named,
  };
}

const columns: readonly Column<PlannedToken>[] = [
  {
    head: 'account',
    cell: ({ account, name }) => (name === undefined ? account.id : `${account.id} ${name}`),
  },
  { head: 'next sweep', cell: ({ decision }) => (decision.kind === 'due' ? 'refresh' : 'leave') },
  { head: 'valid until', cell: ({ expiresAt }) => shortTime(expiresAt), wide: true },
  { head: 'due from', cell: ({ decision }) => shortTime(lookAgainAt(decision)) },
  { head: 'client', cell: ({ account }) => account.summary?.clientId ?? '–', wide: true },
  { head: 'owner', cell: ({ account }) => account.summary?.owner ?? '–', wide: true },
  { head: 'why', cell: ({ decision }) => decision.reason.replaceAll('_', ' ') },
];

function planText({ terminal }: Session, planned: readonly PlannedAccount[], wide: boolean): string {
  if (planned.length === 0) return 'No account is registered.';
  return table(terminal, columns, planned.flatMap(tokensOf), wide);
}

/** What the next sweep would do with each account, in the order of refreshing; reads no secret's value. */
export async function plan(session: Session, options: TableOptions): Promise<CommandResult> {
  const listed = await session.list();
  const now = session.now();
  const sweep = nextSweepContext(lastSweepOf(listed), session.environment.policy, now);
  const { due, notDue } = planAccounts(buildAccounts(listed.credentials, listed.tokens), sweep);
  const when = `The next sweep is ${distance(sweep.now, now)}, ${shortTime(sweep.now)} UTC: ${due.length} to refresh, ${notDue.length} to leave.`;
  return fine(
    { nextSweepAt: isoTime(sweep.now), due: due.map(fields), notDue: notDue.map(fields) },
    `${planText(session, [...due, ...notDue], options.wide)}\n${session.terminal.sentences(when)}`,
  );
}
