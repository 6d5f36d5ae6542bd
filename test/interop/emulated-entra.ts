import assert from 'node:assert/strict';
import { EntraState } from '../../local/entra/entra-state.ts';
import type { IdTokenFault } from '../../local/entra/id-tokens.ts';
import { type DirectoryUser, userKey } from '../../local/entra/users.ts';
import type { EntraResponse } from '../../local/entra/wire.ts';
import { createSelfSignedCertificate } from '../../local/self-signed-certificate.ts';
import { systemClock } from '../../src/time.ts';

export const tenantId = '7fe81447-da57-4385-becb-6de57f21477e';
export const redirectUri = 'https://refresher.example/api/consent/callback';
export const adsScope = 'https://ads.microsoft.com/msads.manage';
export const clientSecret = 'q~8 +%&=~_secret';
export const person: DirectoryUser = {
  tenantId,
  objectId: '68389ae2-62fa-4b18-91fe-53dd109d74f5',
  displayName: 'Adele Vance',
  userPrincipalName: 'adele@contoso.example',
};
/** Of another organisation, and invited. */
export const guest: DirectoryUser = {
  tenantId: 'e09d9473-1a06-4717-98c1-528067eab3a4',
  objectId: '11111111-2222-4333-8444-555555555555',
  displayName: 'Sam Guest',
  userPrincipalName: 'sam@fabrikam.example',
  guestIn: [{ tenantId, objectId: '99999999-2222-4333-8444-555555555555' }],
};
export const bySecret = '6731de76-14a6-49ae-97bc-6eba6914391e';
export const byCertificate = '6731de76-14a6-49ae-97bc-6eba6914391f';
export const byNothing = '6731de76-14a6-49ae-97bc-6eba69143920';

// Foreign clients go by the machine's clock; nothing here depends on the time of day.
const dayMilliseconds = 86_400_000;
export const keyAndCertificate = createSelfSignedCertificate({
  key: 'rsa',
  commonName: 'client',
  notBefore: new Date(Date.now() - dayMilliseconds),
  notAfter: new Date(Date.now() + dayMilliseconds),
});

/** The emulator's Entra with users and clients, under any of its names, for clients that others wrote. */
export class EmulatedEntra {
  readonly state = new EntraState({ clock: systemClock });
  /** Of every request: method and address without its query. */
  readonly asked: string[] = [];
  idTokenFault: IdTokenFault | undefined;

  constructor() {
    const registered = { redirectUris: [redirectUri] };
    this.state.registerUser(person);
    this.state.registerUser(guest);
    this.state.registerClient({ clientId: bySecret, secrets: [{ value: clientSecret }], ...registered });
    const certificates = [keyAndCertificate.certificate];
    this.state.registerClient({ clientId: byCertificate, secrets: [], certificates, ...registered });
    this.state.registerClient({ clientId: byNothing, secrets: [], nativeRedirectUris: [redirectUri] });
  }

  send(method: string, address: string, headers: Record<string, string>, form: string): EntraResponse {
    const { origin: authority, pathname, search } = new URL(address);
    this.asked.push(`${method} ${authority}${pathname}`);
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const request = { method, path: pathname + search, headers: Object.fromEntries(lower), form, authority };
    return this.state.serve(request, this.idTokenFault);
  }

  /** The user agrees; where the browser then goes. */
  accept(authorizeUrl: string, user = person): URL {
    const form = new URLSearchParams({ decision: 'accept', user: userKey(user) });
    const { headers, body } = this.send('POST', authorizeUrl, {}, form.toString());
    const location = headers['location'] ?? '';
    assert.ok(location.startsWith(`${redirectUri}?`), body);
    return new URL(location.replace(/#$/, ''));
  }
}
