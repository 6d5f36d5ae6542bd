import { needsHuman } from '../../accounts/account-state.ts';
import { stateWord } from '../../status/words.ts';
import type { AccountStatus } from '../../sweep/sweep-report.ts';
import { type EpochSeconds, isoTime } from '../../time.ts';
import { fitted, table } from '../table.ts';
import type { Terminal, Tone } from '../terminal.ts';

/** `2026-11-22 15:30` in UTC, or a dash. */
export const shortTime = (moment: EpochSeconds | undefined): string =>
  moment === undefined ? '–' : isoTime(moment).slice(0, 16).replace('T', ' ');

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

/** When the access token ends; of several, each in a line of its own. */
const validity = ({ accessTokenExpiresAt, tokens }: AccountStatus): string =>
  tokens === undefined
    ? shortTime(accessTokenExpiresAt)
    : tokens.map((token) => `${token.name} ${shortTime(token.accessTokenExpiresAt)}`).join('\n');

/** Accounts as a table; times are UTC. */
export function accountsText<A extends AccountStatus>(
  terminal: Terminal,
  accounts: readonly A[],
  middle: readonly [head: string, cell: (account: A) => string],
  otherwise: (account: A) => string = () => '',
): string {
  const [head, cell] = middle;
  const rows = accounts.map((account) => [
    account.account,
    stateWord(account.state),
    validity(account),
    cell(account),
    why(account, otherwise(account)),
  ]);
  const columns = fitted(
    ['account', 'state', 'valid until', head, 'why, and what to do'],
    rows,
    terminal.width,
  );
  const painted = rows.map((row, index) =>
    row.map((text, column) => {
      const account = accounts[index];
      return column === 1 && account !== undefined ? terminal.paint(tone(account), text) : text;
    }),
  );
  return table(columns, painted);
}
