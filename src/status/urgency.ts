import type { AccountState } from '../accounts/account-state.ts';
import type { AccountStatus } from '../refresh/sweep-report.ts';

/** The states that only a human ends, the most urgent first, and then those that end or stay by themselves. */
const needingHuman: readonly AccountState[] = [
  'reconsent',
  'credential',
  'configuration',
  'policy',
  'pending_consent',
  'orphaned',
];
const others: readonly AccountState[] = ['retrying', 'healthy', 'paused'];
const order = new Map([...needingHuman, ...others].map((state, index) => [state, index]));

export function needsHuman({ state }: AccountStatus): boolean {
  return needingHuman.includes(state);
}

/** A consent mends an account in these states. */
export function consentHelps({ state }: AccountStatus): boolean {
  return state === 'reconsent' || state === 'pending_consent';
}

/** The most urgent first, those of one state as they came. */
export function byUrgency(accounts: readonly AccountStatus[]): AccountStatus[] {
  const rank = ({ state }: AccountStatus): number => order.get(state) ?? 0;
  return [...accounts].sort((a, b) => rank(a) - rank(b));
}
