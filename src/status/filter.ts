import { type AccountState, accountStates } from '../accounts/account-state.ts';
import type { RequestRefusal } from '../http/access.ts';
import type { AccountStatus } from '../sweep/account-status.ts';

/** What is to be shown; an empty field shows all. */
export interface Filter {
  /** Part of an account's id. */
  readonly account: string;
  /** A client id. */
  readonly client: string;
  readonly state: AccountState | '';
}

const longestValue = 100;

const refuse = (cause: string): RequestRefusal => ({
  status: 400,
  code: 'filter_invalid',
  cause,
  remedy: `Filter by account (part of its id), client (its id) and state (${accountStates.join(', ')}).`,
});

/** Reads the filter out of a query; parameters of other names are not looked at. */
export function parseFilter(query: URLSearchParams): Filter | RequestRefusal {
  const read = (name: string): string => (query.get(name) ?? '').trim().toLowerCase();
  const [account, client, wanted] = [read('account'), read('client'), read('state')];
  if ([account, client].some(({ length }) => length > longestValue))
    return refuse(`A filter is longer than ${longestValue} characters.`);
  const state = accountStates.find((known) => known === wanted) ?? '';
  return state === wanted ? { account, client, state } : refuse('There is no such state.');
}

/** Whether an account is to be shown. */
export function matches({ account, client, state }: Filter, status: AccountStatus): boolean {
  return (
    status.account.toLowerCase().includes(account) &&
    (client === '' || status.client?.toLowerCase() === client) &&
    (state === '' || status.state === state)
  );
}
