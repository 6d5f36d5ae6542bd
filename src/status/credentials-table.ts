import { type ClientCredential, needsRenewal } from '../client/credential-report.ts';
import { type Html, html } from '../http/html.ts';
import type { EpochSeconds } from '../time.ts';
import type { Filter } from './filter.ts';
import type { StatusSnapshot } from './snapshot.ts';
import { distance, time } from './words.ts';

/** The credentials that somebody should look at, as far as the filter lets their clients through. */
export function credentialsToRenew(
  { clientCredentials, asOf }: StatusSnapshot,
  filter: Filter,
): ClientCredential[] {
  return clientCredentials.filter(
    (credential) =>
      needsRenewal(credential, asOf) &&
      (filter.client === '' || credential.client.toLowerCase() === filter.client),
  );
}

/** What to do about a credential; an older version that serves outweighs when the newest ends. */
export function advice({ expiry, fallback, method }: ClientCredential): string {
  if (fallback && method === 'certificate') {
    return 'Entra does not accept the newest version, so the one before is used: upload the new certificate to the app registration.';
  }
  if (fallback) {
    return 'Entra does not accept the newest version, so the one before is used: store the right secret.';
  }
  if (expiry === 'unknown') return 'Nobody can warn before it ends: note its end on the secret.';
  return 'Store a new version before it ends.';
}

function endCell({ expiresAt }: ClientCredential, asOf: EpochSeconds): Html {
  if (expiresAt === undefined) return html`<td data-label="Ends">unknown</td>`;
  const isOver = expiresAt <= asOf ? html` class="bad"` : [];
  return html`<td data-label="Ends">${time(expiresAt)}<br><span${isOver}>${distance(expiresAt, asOf)}</span></td>`;
}

function row(credential: ClientCredential, asOf: EpochSeconds): Html {
  const { client, credentialSecret = '', owners, accounts } = credential;
  const owner = owners.length === 0 ? [] : html`<br><span class="quiet">owner ${owners.join(', ')}</span>`;
  return html`<tr><th scope="row"><span class="id">${client}</span>${owner}</th>${endCell(credential, asOf)}<td data-label="What to do">${advice(credential)}</td><td data-label="Secret"><span class="id">${credentialSecret}</span></td><td data-label="Accounts">${String(accounts)}</td></tr>
`;
}

/** Client credentials that end within 30 days, whose end is unknown, or of which an older version serves; else nothing. */
export function credentialsSection(
  credentials: readonly ClientCredential[],
  asOf: EpochSeconds,
): Html | readonly Html[] {
  if (credentials.length === 0) return [];
  return html`<section aria-labelledby="credentials">
<h2 id="credentials">Client credentials (${String(credentials.length)})</h2>
<table>
<caption>Client credentials to look at, times in UTC</caption>
<thead><tr><th scope="col">Client</th><th scope="col">Ends</th><th scope="col">What to do</th><th scope="col">Secret</th><th scope="col">Accounts</th></tr></thead>
<tbody>
${credentials.map((credential) => row(credential, asOf))}</tbody>
</table>
</section>`;
}
