import { consentHelps, needsHuman } from '../accounts/account-state.ts';
import { type Html, html } from '../http/html.ts';
import type { AccountStatus, TokenStatus } from '../sweep/account-status.ts';
import type { EpochSeconds } from '../time.ts';
import { distance, duration, stateWord, time } from './words.ts';

const line = (label: string, value: string | undefined): Html | readonly Html[] =>
  value === undefined ? [] : html`<br><span class="quiet">${label} <span class="id">${value}</span></span>`;

/** The colour that goes with the state's word. */
function tone(account: AccountStatus): string {
  if (needsHuman(account)) return 'bad';
  return account.state === 'healthy' ? 'good' : 'wait';
}

function stateCell(account: AccountStatus, asOf: EpochSeconds): Html {
  const { state, since } = account;
  const began =
    since === undefined ? [] : html`<br>since ${time(since)} (${duration(Math.max(asOf - since, 0))})`;
  return html`<td data-label="State"><span class="state ${tone(account)}">${stateWord(state)}</span>${began}</td>`;
}

function consentForm(account: AccountStatus): Html | readonly Html[] {
  if (!consentHelps(account)) return [];
  const path = `/api/consent-link/${encodeURIComponent(account.account)}`;
  return html`<form method="post" action="${path}"><button>Get consent link<span class="hidden"> for ${account.account}</span></button></form>`;
}

function causeCell(account: AccountStatus): Html {
  const { code, cause, remedy, traceId } = account;
  if (cause === undefined) return html`<td data-label="Why, and what to do"></td>`;
  const trace = traceId === undefined ? '' : `, trace id ${traceId}`;
  return html`<td data-label="Why, and what to do"><p>${cause}</p><p><strong>${remedy ?? ''}</strong></p><p class="quiet">${code ?? ''}${trace}</p>${consentForm(account)}</td>`;
}

function validity(end: EpochSeconds | undefined, asOf: EpochSeconds): Html {
  if (end === undefined) return html`no token`;
  const isOver = end <= asOf ? html` class="bad"` : [];
  return html`${time(end)}<br><span${isOver}>${distance(end, asOf)}</span>`;
}

function tokenLine({ name, failing, accessTokenExpiresAt: end }: TokenStatus, asOf: EpochSeconds): Html {
  const isFailing = failing ? html`<br><span class="bad">failing</span>` : [];
  return html`<div><span class="id">${name}</span><br>${validity(end, asOf)}${isFailing}</div>`;
}

function validityCell({ accessTokenExpiresAt: end, tokens }: AccountStatus, asOf: EpochSeconds): Html {
  const told = tokens === undefined ? validity(end, asOf) : tokens.map((token) => tokenLine(token, asOf));
  return html`<td data-label="Token valid until">${told}</td>`;
}

function refreshTokenCell(account: AccountStatus, asOf: EpochSeconds): Html {
  const { generation, refreshTokenCreatedAt: created, refreshTokenExpiresAt: end } = account;
  if (created === undefined) return html`<td data-label="Refresh token">none</td>`;
  const ends = end === undefined ? [] : html`<br>ends ${distance(end, asOf)}`;
  return html`<td data-label="Refresh token">generation ${String(generation ?? 0)}<br>${duration(Math.max(asOf - created, 0))} old${ends}</td>`;
}

function attemptCell({ nextAttemptAt }: AccountStatus, asOf: EpochSeconds): Html {
  const told =
    nextAttemptAt === undefined ? 'none' : html`${time(nextAttemptAt)}<br>${distance(nextAttemptAt, asOf)}`;
  return html`<td data-label="Next attempt">${told}</td>`;
}

function expiredRegistration({ registrationExpiresAt: end }: AccountStatus, asOf: EpochSeconds) {
  return end !== undefined && end <= asOf ? `expired ${distance(end, asOf)}` : undefined;
}

function row(account: AccountStatus, asOf: EpochSeconds): Html {
  const { client, tenant, owner } = account;
  return html`<tr><th scope="row"><span class="id">${account.account}</span>${line('owner', owner)}${line('client', client)}${line('tenant', tenant)}${line('not granted', account.lackingScopes)}${line('registration', expiredRegistration(account, asOf))}</th>${stateCell(account, asOf)}${causeCell(account)}${validityCell(account, asOf)}${refreshTokenCell(account, asOf)}${attemptCell(account, asOf)}</tr>
`;
}

/** Accounts as a table, one a row. */
export function accountsTable(caption: string, accounts: readonly AccountStatus[], asOf: EpochSeconds): Html {
  return html`<table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Account</th><th scope="col">State</th><th scope="col">Why, and what to do</th><th scope="col">Token valid until</th><th scope="col">Refresh token</th><th scope="col">Next attempt</th></tr></thead>
<tbody>
${accounts.map((account) => row(account, asOf))}</tbody>
</table>`;
}
