import { needsHuman } from '../../accounts/account-state.ts';
import { stateWord } from '../../status/words.ts';
import type { AccountStatus } from '../../sweep/account-status.ts';
import { type EpochSeconds, isoTime } from '../../time.ts';
import type { Column } from '../table.ts';
import type { Tone } from '../terminal.ts';

/** `2026-11-22 15:30` in UTC, or a dash. */
export const shortTime = (moment: EpochSeconds | undefined): string =>
  moment === undefined ? '–' : isoTime(moment).slice(0, 16).replace('T', ' ');

export const isoOrNone = (moment: EpochSeconds | undefined): string | undefined =>
  moment === undefined ? undefined : isoTime(moment);

const tone = (account: AccountStatus): Tone => {
  if (needsHuman(account)) return 'bad';
  return account.state === 'healthy' ? 'good' : 'wait';
};

/** Cause and remedy, or what is said of an account that is well. */
export function why({ code, cause, remedy }: AccountStatus, otherwise = ''): string {
  if (cause === undefined) return otherwise;
  const told = code?.startsWith('AADSTS') ? `${code}: ${cause}` : cause;
  return remedy === undefined ? told : `${told} → ${remedy}`;
}

/** What tables tell of accounts; times are UTC. */
export const accountColumns = {
  account: { head: 'account', cell: ({ account }) => account },
  state: { head: 'state', cell: ({ state }) => stateWord(state), tone },
  /** When the access token ends, or each of several. */
  validUntil: {
    head: 'valid until',
    cell: ({ accessTokenExpiresAt, tokens }) =>
      tokens?.map((token) => `${token.name} ${shortTime(token.accessTokenExpiresAt)}`) ??
      shortTime(accessTokenExpiresAt),
  },
  nextAttempt: { head: 'next attempt', cell: ({ nextAttemptAt }) => shortTime(nextAttemptAt) },
  client: { head: 'client', cell: ({ client = '–' }) => client },
  tenant: { head: 'tenant', cell: ({ tenant = '–' }) => tenant },
  owner: { head: 'owner', cell: ({ owner = '–' }) => owner },
  why: { head: 'why, and what to do', cell: (account) => why(account) },
} as const satisfies Record<string, Column<AccountStatus>>;

/** The same column where only `--wide` shows it. */
export const ifWide = <R>(column: Column<R>): Column<R> => ({ ...column, wide: true });
