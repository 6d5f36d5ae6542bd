import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider';

/** What the network, or a server beside the authorization server, does to the answers of the token endpoint. */
export type AnswerFault =
  /** The request is served, its answer never arrives. */
  | 'lost'
  /** Compressed, unless the request asks for no coding (RFC 9110 section 12.5.3). */
  | 'gzip'
  /** One byte a chunk. */
  | 'chunked'
  /** A gateway answers with a page of its own; the request is not served. */
  | 'unavailable_html';

interface ForeignUser {
  readonly tenantId: string;
  readonly objectId: string;
  readonly userPrincipalName: string;
}

/**
 * An authorization server of other hands: oidc-provider, certified by the OpenID Foundation, under the paths and with
 * the claims of Entra. It rotates refresh tokens and ends a grant whose spent refresh token comes again.
 */
export interface ForeignEntra {
  /** The authority that a registration names. */
  readonly authority: string;
  /** Put upon each answer of the token endpoint until taken away. */
  fault: AnswerFault | undefined;
  /** Requests that reached the token endpoint. */
  readonly tokenRequests: number;
  /** Signs the user in and consents for him; where the server sends the browser back to. */
  signIn(authorizeUrl: string): Promise<string>;
  /** True while the server would redeem the refresh token. */
  isAlive(refreshToken: string): Promise<boolean>;
  /** Ends the grant of a refresh token at the server's own revocation endpoint (RFC 7009). */
  revoke(refreshToken: string, clientId: string, clientSecret: string): Promise<void>;
  close(): Promise<void>;
}

/** A client that proves itself by a secret, as oidc-provider registers it. */
export function clientWithSecret(clientId: string, secret: string, redirectUri: string): ClientMetadata {
  return {
    ...common(clientId, redirectUri),
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_post',
  };
}

/** A client that proves itself by a certificate; `pem` holds it, whatever stands beside it. */
export function clientWithCertificate(clientId: string, pem: string, redirectUri: string): ClientMetadata {
  const jwk = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
  const key = createPublicKey(jwk.publicKey.export({ type: 'spki', format: 'pem' }));
  return {
    ...common(clientId, redirectUri),
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), kty: 'RSA', use: 'sig' }] },
  };
}

/** A public client: PKCE alone binds a code to it. */
export function publicClient(clientId: string, redirectUri: string): ClientMetadata {
  return { ...common(clientId, redirectUri), token_endpoint_auth_method: 'none' };
}

function common(clientId: string, redirectUri: string): ClientMetadata {
  return {
    client_id: clientId,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [redirectUri],
    // The local environment speaks plain http, which is for native clients only.
    application_type: 'native',
  };
}

function configuration(tenant: string, user: ForeignUser, clients: ClientMetadata[]): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signing = {
    ...privateKey.export({ format: 'jwk' }),
    kty: 'RSA',
    use: 'sig',
    alg: 'RS256',
    kid: 'one',
  };
  return {
    clients,
    jwks: { keys: [signing] },
    cookies: { keys: ['a key of the cookies'] },
    routes: {
      authorization: `/${tenant}/oauth2/v2.0/authorize`,
      token: `/${tenant}/oauth2/v2.0/token`,
      jwks: `/${tenant}/discovery/v2.0/keys`,
      revocation: '/revocation',
    },
    scopes: ['openid', 'offline_access', 'profile', 'https://api.example/read'],
    claims: { openid: ['sub', 'tid', 'oid'], profile: ['preferred_username'] },
    conformIdTokenClaims: false,
    // The product's clock runs ahead of this server's: it is moved where the product would wait.
    clockTolerance: 86_400,
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        tid: user.tenantId,
        oid: user.objectId,
        preferred_username: user.userPrincipalName,
      }),
    }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: 3600,
      // The product's clock runs ahead of this server's.
      IdToken: 86_400,
      RefreshToken: 90 * 86_400,
      Grant: 90 * 86_400,
      Session: 3600,
      Interaction: 600,
    },
  };
}

/** Signs in and consents without asking, as a user who agrees to everything. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'person' } });
  }
  const grant = new provider.Grant({
    accountId: session?.accountId ?? '',
    clientId: String(params['client_id']),
  });
  grant.addOIDCScope(String(params['scope']));
  const result = { consent: { grantId: await grant.save() } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

/** Changes how an answer travels; what it says stays the server's. */
function disturb(fault: AnswerFault, request: IncomingMessage, response: ServerResponse): void {
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse;
  response.end = ((body?: unknown) => {
    if (fault === 'lost') {
      request.socket.destroy();
      return response;
    }
    const bytes = Buffer.from((body as string | Buffer | undefined) ?? '');
    if (fault === 'gzip' && request.headers['accept-encoding'] !== 'identity') {
      response.setHeader('content-encoding', 'gzip');
      response.removeHeader('content-length');
      return end(gzipSync(bytes));
    }
    if (fault === 'chunked') {
      response.removeHeader('content-length');
      for (const byte of bytes) response.write(Buffer.of(byte));
      return end();
    }
    return end(body);
  }) as ServerResponse['end'];
}

class Server implements ForeignEntra {
  readonly #server = createServer((request, response) => this.#serve(request, response));
  #provider: Provider | undefined;
  #serveProvider: RequestListener = () => {};
  #tenant = '';
  fault: AnswerFault | undefined;
  tokenRequests = 0;
  authority = '';

  async listen(user: ForeignUser, clients: ClientMetadata[]): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.authority = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#tenant = user.tenantId;
    const issuer = `${this.authority}/${user.tenantId}/v2.0`;
    this.#provider = new Provider(issuer, configuration(user.tenantId, user, clients));
    this.#serveProvider = this.#provider.callback();
  }

  get #running(): Provider {
    if (this.#provider === undefined) throw new Error('not listening');
    return this.#provider;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', this.authority);
    if (pathname.startsWith('/interaction/')) {
      interact(this.#running, request, response).catch((error: unknown) =>
        response.writeHead(500).end(String(error)),
      );
      return;
    }
    if (pathname === `/${this.#tenant}/oauth2/v2.0/token`) {
      this.tokenRequests += 1;
      if (this.fault === 'unavailable_html') {
        response
          .writeHead(503, { 'content-type': 'text/html' })
          .end('<html><body>Service Unavailable</body></html>');
        return;
      }
      if (this.fault !== undefined) disturb(this.fault, request, response);
    }
    // Entra's metadata lie below the issuer's path; the server's own at its root.
    const metadata = '/.well-known/openid-configuration';
    if (pathname === `/${this.#tenant}/v2.0${metadata}`) request.url = metadata;
    this.#serveProvider(request, response);
  }

  async signIn(authorizeUrl: string): Promise<string> {
    const cookies = new Map<string, string>();
    let url = new URL(authorizeUrl);
    // Entra gives a refresh token for `offline_access` without this; OpenID Connect Core section 11 asks for it.
    url.searchParams.set('prompt', 'consent');
    for (let hops = 0; hops < 10 && url.origin === this.authority; hops++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(url, { headers: { cookie }, redirect: 'manual' });
      for (const set of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        cookies.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`${url.pathname}: ${answer.status} ${await answer.text()}`);
      url = new URL(location, url);
    }
    return url.href;
  }

  async isAlive(refreshToken: string): Promise<boolean> {
    const found = await this.#running.RefreshToken.find(refreshToken);
    return found?.isValid === true && found.consumed === undefined;
  }

  async revoke(token: string, clientId: string, clientSecret: string): Promise<void> {
    const body = new URLSearchParams({ token, client_id: clientId, client_secret: clientSecret });
    const { status } = await fetch(`${this.authority}/revocation`, { method: 'POST', body });
    if (status !== 200) throw new Error(`the revocation endpoint answered ${status}`);
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** Starts the server on a free port of 127.0.0.1, with one user. */
export async function startForeignEntra(user: ForeignUser, clients: ClientMetadata[]): Promise<ForeignEntra> {
  const server = new Server();
  await server.listen(user, clients);
  return server;
}
