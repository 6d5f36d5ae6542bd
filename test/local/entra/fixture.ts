import assert from 'node:assert/strict';
import { EntraState, type EntraStateOptions } from '../../../local/entra/entra-state.ts';
import type { Consent } from '../../../local/entra/grants.ts';
import type { EntraResponse } from '../../../local/entra/wire.ts';
import { SeededRandom } from '../../../local/seeded-random.ts';
import { SkippingClock } from '../../../local/skipping-clock.ts';

export const tenantId = '7fe81447-da57-4385-becb-6de57f21477e';
export const otherTenantId = 'e09d9473-1a06-4717-98c1-528067eab3a4';
export const personalTenantId = '9188040d-6c67-4c5b-b112-36a304b66dad';
export const clientId = '6731de76-14a6-49ae-97bc-6eba6914391e';
export const secret = 'q~8 +%&=~_secret';
export const user = { tenantId, objectId: '68389ae2-62fa-4b18-91fe-53dd109d74f5' };
export const personalUser = { tenantId: personalTenantId, objectId: '00000000-0000-0000-66f3-3332eca7ea81' };
export const adsScope = 'https://ads.microsoft.com/msads.manage';
export const startMilliseconds = Date.parse('2026-03-01T08:00:00.250Z');

/** A state with one client, installed in two tenants. */
export function entra(options: Partial<EntraStateOptions> = {}): { state: EntraState; clock: SkippingClock } {
  const clock = new SkippingClock(startMilliseconds);
  const state = new EntraState({ clock, random: new SeededRandom(1).next, ...options });
  state.registerClient({ clientId, secrets: [{ value: secret }], tenants: [tenantId, otherTenantId] });
  return { state, clock };
}

export function consent(state: EntraState, changes: Partial<Consent> = {}): string {
  return state.grant({ clientId, user, scopes: [adsScope, 'offline_access'], ...changes });
}

/** A change of a good request; an undefined form value leaves the parameter out. */
export interface RequestChange {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string | undefined>>;
}

/** A good v2 request for the refresh token, changed. */
export function redeem(state: EntraState, refreshToken: string, change: RequestChange = {}): EntraResponse {
  const form = new URLSearchParams();
  const values = {
    grant_type: 'refresh_token',
    client_id: clientId,
    client_secret: secret,
    refresh_token: refreshToken,
    scope: `${adsScope} offline_access`,
    ...change.form,
  };
  for (const [name, value] of Object.entries(values)) if (value !== undefined) form.append(name, value);
  return state.redeem({
    ...(change.method === undefined ? {} : { method: change.method }),
    path: change.path ?? `/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...change.headers },
    form: form.toString(),
  });
}

/** The same grant at the v1 endpoint. */
export const onV1: RequestChange = {
  path: `/${tenantId}/oauth2/token`,
  form: { scope: undefined, resource: 'https://ads.microsoft.com' },
};

export function json(response: { readonly body: string }): Record<string, unknown> {
  const body: unknown = JSON.parse(response.body);
  assert.ok(typeof body === 'object' && body !== null);
  return { ...body };
}

/** The new refresh token of an answer that must be a success. */
export function rotated(response: EntraResponse): string {
  assert.equal(response.status, 200, response.body);
  const token = json(response)['refresh_token'];
  assert.ok(typeof token === 'string');
  return token;
}

/** The AADSTS number, or 0 for a success. */
export function codeOf(response: { readonly status: number; readonly body: string }): number {
  if (response.status === 200) return 0;
  const codes = json(response)['error_codes'];
  assert.ok(Array.isArray(codes) && codes.length === 1);
  return Number(codes[0]);
}
