import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';
import type { ClientRegistration } from '../../../local/entra/clients.ts';
import { type EntraEmulator, startEntraEmulator } from '../../../local/entra/entra-emulator.ts';
import type { EntraState, EntraStateOptions } from '../../../local/entra/entra-state.ts';
import { type DirectoryUser, userKey } from '../../../local/entra/users.ts';
import type { SkippingClock } from '../../../local/skipping-clock.ts';
import {
  adsScope,
  clientId,
  entra,
  json,
  otherTenantId,
  personalTenantId,
  personalUser,
  secret,
  tenantId,
  user,
} from './fixture.ts';

export const adele: DirectoryUser = {
  ...user,
  displayName: 'Adele Vance',
  userPrincipalName: 'adele@contoso.example',
};
export const lee: DirectoryUser = {
  tenantId,
  objectId: '11111111-0000-4000-8000-000000000001',
  displayName: 'Lee Gu',
  userPrincipalName: 'lee@contoso.example',
};
export const stranger: DirectoryUser = {
  tenantId: otherTenantId,
  objectId: '22222222-0000-4000-8000-000000000002',
  displayName: 'Sam Stranger',
  userPrincipalName: 'sam@fabrikam.example',
};
export const jordan: DirectoryUser = {
  ...personalUser,
  displayName: 'Jordan Miller',
  userPrincipalName: 'jordan@outlook.example',
};

export const redirectUri = 'https://refresher.example/api/consent/callback';
export const verifier = 'ThisIsntRandomButItNeedsToBe43CharactersLong';
const challenge = createHash('sha256').update(verifier).digest('base64url');
export const resource = 'https://service.contoso.com/';
export const unknownClientId = 'f1e2d3c4-0000-4000-a000-000000000001';
/** Knows no redirect URI. */
export const clientWithoutPages = 'f1e2d3c4-0000-4000-a000-000000000002';
/** Has a secret and redirect URI of its own. */
export const otherClientId = 'f1e2d3c4-0000-4000-a000-000000000003';

export type Values = Readonly<Record<string, string | undefined>>;
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The v1 endpoints ask for a resource. */
export const v1: Values = { scope: undefined, resource };

export const authorizePath = (tenant = tenantId, version: 'v1' | 'v2' = 'v2') =>
  `/${tenant}/oauth2/${version === 'v1' ? '' : 'v2.0/'}authorize`;
export const tokenPath = (tenant = tenantId, version: 'v1' | 'v2' = 'v2') =>
  `/${tenant}/oauth2/${version === 'v1' ? '' : 'v2.0/'}token`;

/** Entra over HTTP, with a client, four users and whoever sits before the browser. */
export interface SignIn {
  readonly emulator: EntraEmulator;
  readonly state: EntraState;
  readonly clock: SkippingClock;
  /** A good authorize request, changed; undefined leaves a parameter out. */
  authorize(changes?: Values, path?: string): Promise<Answer>;
  /** The page's form, sent to the page's own address. */
  decide(decision: string, who?: DirectoryUser, changes?: Values, path?: string): Promise<Answer>;
  /** The code after Accept. */
  code(changes?: Values, path?: string, who?: DirectoryUser): Promise<string>;
  /** A good redemption of the code, changed. */
  redeem(code: string, changes?: Values, path?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  close(): Promise<void>;
}

export async function startSignIn({
  permissions = [],
  ...options
}: Partial<EntraStateOptions> & Pick<ClientRegistration, 'permissions'> = {}): Promise<SignIn> {
  const { state, clock } = entra({ loopDetection: false, ...options });
  const registration = { secrets: [{ value: secret }], redirectUris: [redirectUri], permissions };
  const tenants = [tenantId, otherTenantId];
  state.registerClient({ clientId, tenants, ...registration });
  state.registerClient({ clientId: otherClientId, ...registration });
  state.registerClient({ clientId: clientWithoutPages, secrets: [{ value: secret }] });
  for (const registered of [adele, lee, stranger, jordan]) state.registerUser(registered);
  const emulator = await startEntraEmulator({ state });
  const agent = new Agent();
  const send = (path: string, form?: URLSearchParams) => exchange(agent, emulator.url + path, form);

  const signIn: SignIn = {
    emulator,
    state,
    clock,
    get: (path) => send(path),
    authorize: (changes = {}, path = authorizePath()) => send(`${path}?${query(changes)}`),
    decide: (decision, who, changes = {}, path = authorizePath()) =>
      send(
        `${path}?${query(changes)}`,
        encode({ decision, user: who === undefined ? undefined : userKey(who) }),
      ),
    code: async (changes, path, who = adele) => {
      const answer = await signIn.decide('accept', who, changes, path);
      const code = returned(answer).get('code');
      assert.ok(code, answer.body);
      return code;
    },
    redeem: (code, changes = {}, path = tokenPath()) => send(path, redemption(code, changes)),
    close: async () => {
      await agent.destroy();
      await emulator.close();
    },
  };
  return signIn;
}

function query(changes: Values): URLSearchParams {
  return encode({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    response_mode: 'query',
    scope: `${adsScope} offline_access openid profile`,
    state: '12345',
    nonce: 'nonce-1',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  });
}

function redemption(code: string, changes: Values): URLSearchParams {
  return encode({
    client_id: clientId,
    client_secret: secret,
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    scope: `${adsScope} offline_access openid profile`,
    ...changes,
  });
}

function encode(values: Values): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) form.append(name, value);
  return form;
}

async function exchange(agent: Agent, url: string, form: URLSearchParams | undefined): Promise<Answer> {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `${form}`,
  };
  const { statusCode, headers, body } = await request(url, {
    dispatcher: agent,
    ...(form === undefined ? {} : post),
  });
  const received = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  return { status: statusCode, headers: received, body: await body.text() };
}

/** The parameters that the browser carries back to the app; fails unless it is sent there. */
export function returned(answer: Answer, to = redirectUri): URLSearchParams {
  assert.equal(answer.status, 302, answer.body);
  const location = answer.headers['location'] ?? '';
  assert.ok(location.startsWith(`${to}?`), location);
  assert.ok(location.endsWith('#'), location);
  return new URL(location).searchParams;
}

/** The AADSTS number on an error page; fails when the browser is sent anywhere. */
export function pageError(answer: Answer): number {
  assert.equal(answer.headers['location'], undefined);
  assert.match(answer.headers['content-type'] ?? '', /^text\/html/);
  return Number(/AADSTS(\d+):/.exec(answer.body)?.[1]);
}

/** All AADSTS numbers of a refused redemption; empty for a success. */
export function codesOf(answer: Answer): readonly number[] {
  if (answer.status === 200) return [];
  const codes = json(answer)['error_codes'];
  assert.ok(Array.isArray(codes));
  return codes.map(Number);
}

export { adsScope, clientId, json, otherTenantId, personalTenantId, secret, tenantId };
