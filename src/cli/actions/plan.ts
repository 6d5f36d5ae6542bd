import { type Account, buildAccounts, publishedTokens } from '../../accounts/account.ts';
import { type PlannedAccount, plan as planAccounts } from '../../planning/plan.ts';
import { lastSweepOf, nextSweepContext } from '../../status/snapshot.ts';
import { distance } from '../../status/words.ts';
import { type EpochSeconds, isoTime } from '../../time.ts';
import { exitCodes, type Result } from '../result.ts';
import { type CommandContext, type CommonOptions, type Session, withSession } from '../session.ts';
import { fitted, table } from '../table.ts';
import { shortTime } from './accounts-text.ts';

/** Of the account's tokens the one that ends first. */
function endOf(account: Account): EpochSeconds | undefined {
  const ends = publishedTokens(account).flatMap(({ expiresAt }) =>
    expiresAt === undefined ? [] : [expiresAt],
  );
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function fields({ account, decision }: PlannedAccount) {
  const { summary } = account;
  const end = endOf(account);
  const lookAgainAt = decision.kind === 'due' ? undefined : decision.lookAgainAt;
  return {
    account: account.id,
    reason: decision.reason,
    client: summary?.clientId,
    owner: summary?.owner,
    accessTokenExpiresAt: end === undefined ? undefined : isoTime(end),
    lookAgainAt: lookAgainAt === undefined ? undefined : isoTime(lookAgainAt),
  };
}

function row({ account, decision }: PlannedAccount): string[] {
  const isDue = decision.kind === 'due';
  return [
    account.id,
    isDue ? 'refresh' : 'leave',
    shortTime(endOf(account)),
    isDue ? '–' : shortTime(decision.lookAgainAt),
    decision.reason.replaceAll('_', ' '),
  ];
}

function planText({ terminal }: Session, planned: readonly PlannedAccount[]): string[] {
  if (planned.length === 0) return ['No account is registered.'];
  const rows = planned.map(row);
  const heads = ['account', 'next sweep', 'valid until', 'due from', 'why'];
  return [table(fitted(heads, rows, Math.min(terminal.width, 110)), rows)];
}

/** What the next sweep would do with each account, in the order of refreshing; reads no secret's value. */
export function plan(context: CommandContext, options: CommonOptions): Promise<Result> {
  return withSession(context, options, async (session) => {
    const listed = await session.list();
    const now = session.now();
    const sweep = nextSweepContext(lastSweepOf(listed), session.environment.policy, now);
    const { due, notDue } = planAccounts(buildAccounts(listed.credentials, listed.tokens), sweep);
    const when = `The next sweep is ${distance(sweep.now, now)}, ${shortTime(sweep.now)} UTC: ${due.length} to refresh, ${notDue.length} to leave.`;
    return {
      exitCode: exitCodes.fine,
      json: { nextSweepAt: isoTime(sweep.now), due: due.map(fields), notDue: notDue.map(fields) },
      text: [...planText(session, [...due, ...notDue]), when].join('\n'),
    };
  });
}
