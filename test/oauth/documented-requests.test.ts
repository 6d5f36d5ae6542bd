import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import type { Audience } from '../../src/accounts/access-token-secret.ts';
import { parseTenant } from '../../src/accounts/entra-ids.ts';
import { parseAuthority } from '../../src/oauth/authority.ts';
import {
  buildTokenRequest,
  clientSecretPost,
  type Grant,
  noAuthentication,
} from '../../src/oauth/token-request.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { client, listen } from './loopback.ts';

interface DocumentedRequest {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly string[];
}

const folder = new URL('../vectors/token-requests/', import.meta.url);
const requests: DocumentedRequest[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')));

const codeVerifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

/** What is sent beyond the documented request. */
const additions: Readonly<Record<string, (documented: URLSearchParams) => string | undefined>> = {
  // Recommended in the document's table; proves that the one who redeems is the one who asked (RFC 7636).
  code_verifier: (documented) => (documented.has('code') ? codeVerifier : undefined),
  // The answer then names the user, which is what keeps a refresh token with its account.
  client_info: () => '1',
};
/** `openid profile` for the id token that names who signed in; `offline_access`, else there is no refresh token. */
const addedScopes = ' openid profile offline_access';

interface Sent {
  readonly request: IncomingMessage;
  readonly body: string;
}

function audienceOf(documented: URLSearchParams): Audience {
  const resource = documented.get('resource');
  return resource === null
    ? { endpoint: 'v2', scopes: (documented.get('scope') ?? '').split(' ') }
    : { endpoint: 'v1', resource };
}

function grantOf(documented: URLSearchParams): Grant {
  const code = documented.get('code');
  if (code === null) {
    return { type: 'refresh_token', refreshToken: new Sensitive(documented.get('refresh_token') ?? '') };
  }
  return {
    type: 'authorization_code',
    code: new Sensitive(code),
    redirectUri: documented.get('redirect_uri') ?? '',
    codeVerifier: new Sensitive(codeVerifier),
  };
}

/** Sends the request for the documented values, over the wire, and gives what arrived. */
async function send(t: TestContext, documented: URLSearchParams): Promise<Sent> {
  const secret = documented.get('client_secret');
  const arrived = Promise.withResolvers<Sent>();
  const server = createServer(async (request, response) => {
    arrived.resolve({ request, body: await text(request) });
    response.end('{}');
  });
  const url = `http://127.0.0.1:${await listen(t, server)}`;
  const authority = parseAuthority(url, { additionalHosts: [], allowLoopback: true });
  const tenant = parseTenant('common');
  assert.ok(authority.kind !== 'fault' && tenant !== undefined);
  await client(t).send(
    buildTokenRequest({
      authority: authority.authority,
      tenant,
      clientId: documented.get('client_id') ?? '',
      clientAuthentication: secret === null ? noAuthentication : clientSecretPost(new Sensitive(secret)),
      grant: grantOf(documented),
      audience: audienceOf(documented),
      attemptId: '0f8fad5b-d9cb-469f-a165-70867728950e',
    }),
  );
  return arrived.promise;
}

function expectedForm(documented: URLSearchParams): Record<string, string> {
  const form = Object.fromEntries(documented);
  if (form['scope'] !== undefined) form['scope'] += addedScopes;
  for (const [name, valueFor] of Object.entries(additions)) {
    const value = valueFor(documented);
    if (value !== undefined) form[name] = value;
  }
  return form;
}

describe('the documented request is reproduced parameter by parameter', () => {
  test('for both grants on both endpoints', () => assert.equal(requests.length, 4));

  for (const { name, method, path, headers, body } of requests) {
    test(name, async (t) => {
      const documented = new URLSearchParams(body.join(''));
      const sent = await send(t, documented);
      assert.equal(sent.request.method, method);
      assert.equal(sent.request.url, path.replace('{tenant}', 'common'));
      assert.equal(sent.request.headers['content-type'], headers['Content-Type']);
      const parameters = [...new URLSearchParams(sent.body)];
      assert.equal(
        new Set(parameters.map(([key]) => key)).size,
        parameters.length,
        'a parameter is sent twice',
      );
      assert.deepEqual(Object.fromEntries(parameters), expectedForm(documented));
    });

    test(`${name}: without the client secret, which is only required for web apps`, async (t) => {
      const documented = new URLSearchParams(body.join(''));
      assert.ok(documented.has('client_secret'));
      documented.delete('client_secret');
      const { body: sent } = await send(t, documented);
      assert.deepEqual(Object.fromEntries(new URLSearchParams(sent)), expectedForm(documented));
    });
  }
});
