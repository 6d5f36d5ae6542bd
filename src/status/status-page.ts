import { accountStates, byUrgency, needsHuman } from '../accounts/account-state.ts';
import { type Html, html } from '../http/html.ts';
import { type PageResponse, page } from '../http/page.ts';
import type { AccountStatus } from '../sweep/account-status.ts';
import { accountsTable } from './accounts-table.ts';
import { credentialsSection, credentialsToRenew } from './credentials-table.ts';
import { type Filter, matches } from './filter.ts';
import type { StatusSnapshot } from './snapshot.ts';
import { countsText, distance, duration, stateWord, time } from './words.ts';

function lastSweep({ lastSweep: last, nextSweepAt, asOf }: StatusSnapshot): Html {
  const next = html`Next sweep ${time(nextSweepAt)} (${distance(nextSweepAt, asOf)}).`;
  if (last === undefined) return html`<p>No sweep has been completed yet. ${next}</p>`;
  return html`<p>Last sweep completed ${time(last.completedAt)} (${distance(last.completedAt, asOf)}): ${String(last.accounts)} accounts, ${String(last.refreshed)} refreshed, ${String(last.failing)} failing, in ${duration(last.durationSeconds)}. ${next}</p>`;
}

function overdueNotice({ overdue, lastSweep: last, asOf }: StatusSnapshot): Html | readonly Html[] {
  if (!overdue || last === undefined) return [];
  return html`<p class="notice bad" role="status">No sweep has been completed for ${duration(asOf - last.completedAt)}. Look at the function refreshTokens in the platform’s logs; POST /api/refresh with a function key sweeps at once.</p>`;
}

const option = (value: string, word: string, chosen: boolean): Html =>
  html`<option value="${value}"${chosen ? html` selected` : []}>${word}</option>`;

function filterForm({ accounts }: StatusSnapshot, filter: Filter): Html {
  const clients = [
    ...new Set(accounts.flatMap(({ client }) => (client === undefined ? [] : [client]))),
  ].sort();
  return html`<form class="filter" method="get" role="search" aria-label="Filter accounts">
<div><label for="account">Account</label><input type="search" id="account" name="account" value="${filter.account}" maxlength="100" placeholder="part of its id"></div>
<div><label for="client">Client</label><select id="client" name="client">${option('', 'any', filter.client === '')}${clients.map((client) => option(client, client, client.toLowerCase() === filter.client))}</select></div>
<div><label for="state">State</label><select id="state" name="state">${option('', 'any', filter.state === '')}${accountStates.map((state) => option(state, stateWord(state), state === filter.state))}</select></div>
<div><button>Filter</button></div>
</form>`;
}

interface Section {
  readonly id: string;
  readonly heading: string;
  /** Said where there is no account. */
  readonly none: string;
}

function section({ id, heading, none }: Section, accounts: readonly AccountStatus[], asOf: number): Html {
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${heading} (${String(accounts.length)})</h2>
${accounts.length === 0 ? html`<p>${none}</p>` : accountsTable(`${heading}, times in UTC`, accounts, asOf)}
</section>`;
}

/** The status for people: what needs a human first, then the others. */
export function statusPage(snapshot: StatusSnapshot, filter: Filter): PageResponse {
  const { asOf, accounts } = snapshot;
  const shown = byUrgency(accounts).filter((account) => matches(filter, account));
  const urgent = shown.filter(needsHuman);
  const others = shown.filter((account) => !needsHuman(account));
  const isFiltered = Object.values(filter).some((value) => value !== '');
  const none = isFiltered ? 'No account that matches the filter.' : 'None.';
  const body = html`<h1>Token refresher: accounts</h1>
<p class="quiet">As of ${time(asOf)}. The vaults are listed at most once a minute.</p>
${overdueNotice(snapshot)}
<p>${countsText(accounts)}</p>
${lastSweep(snapshot)}
${filterForm(snapshot, filter)}
${section({ id: 'needs-human', heading: 'Needs a human', none }, urgent, asOf)}
${credentialsSection(credentialsToRenew(snapshot, filter), asOf)}
${section({ id: 'others', heading: 'Other accounts', none }, others, asOf)}`;
  return page({ title: `${urgent.length} need a human – Token refresher`, body, wide: true });
}
