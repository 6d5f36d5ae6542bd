import { type AccountState, accountStates, countStates } from '../accounts/account-state.ts';
import { type Html, html } from '../http/html.ts';
import { type EpochSeconds, isoTime, secondsPerDay, secondsPerHour, secondsPerMinute } from '../time.ts';

/** A duration in its largest unit: `45 s`, `12 min`, `3 h`, `5 d`. */
export function duration(seconds: number): string {
  if (seconds < secondsPerMinute) return `${seconds} s`;
  if (seconds < secondsPerHour) return `${Math.floor(seconds / secondsPerMinute)} min`;
  if (seconds < 2 * secondsPerDay) return `${Math.floor(seconds / secondsPerHour)} h`;
  return `${Math.floor(seconds / secondsPerDay)} d`;
}

/** `in 12 min`, `3 h ago` or `now`. */
export function distance(moment: EpochSeconds, now: EpochSeconds): string {
  if (moment === now) return 'now';
  return moment >= now ? `in ${duration(moment - now)}` : `${duration(now - moment)} ago`;
}

/** A moment in UTC. */
export function time(moment: EpochSeconds): Html {
  const iso = isoTime(moment);
  return html`<time datetime="${iso}">${iso.replace('T', ' ').replace('Z', ' UTC')}</time>`;
}

/** A state for people to read: `pending consent`. */
export function stateWord(state: AccountState): string {
  return state.replace('_', ' ');
}

/** `13 accounts: 1 reconsent, 12 healthy.` */
export function countsText(accounts: readonly { readonly state: AccountState }[]): string {
  const counts = countStates(accounts);
  const told = accountStates.filter((state) => counts[state] > 0);
  if (accounts.length === 0) return 'No account is registered.';
  const words = told.map((state) => `${counts[state]} ${stateWord(state)}`);
  return `${accounts.length} ${accounts.length === 1 ? 'account' : 'accounts'}: ${words.join(', ')}.`;
}
