import { createServer } from 'node:https';
import { encodeAccessToken, encodeRefreshToken } from '../../local/entra/issued-tokens.ts';
import { responseHeaders } from '../../local/entra/response-headers.ts';
import { successBody } from '../../local/entra/token-answer.ts';
import { createLoopbackCertificate } from '../../local/key-vault/loopback-certificate.ts';
import { listen } from '../../local/key-vault/loopback-server.ts';
import { sampleTenant } from '../../local/local-world.ts';
import { answerParent } from './child-process.ts';

/** Where the canned token endpoint listens. */
export interface CannedEndpoint {
  readonly origin: string;
  /** In PEM: what a client has to trust. */
  readonly certificate: string;
  /** To present; any text would do. */
  readonly refreshToken: string;
}

const accessTokenLength = 1536;
const refreshTokenLength = 1024;

const issuedAtMilliseconds = Date.now();
const refreshToken = encodeRefreshToken(
  { grantId: '1', issuedAtMilliseconds, generation: 1, serial: 1 },
  refreshTokenLength,
);

function cannedBody(): string {
  const expiresAtMilliseconds = issuedAtMilliseconds + 4_500_000;
  const facts = { grantId: '1', issuedAtMilliseconds, expiresAtMilliseconds };
  return successBody(
    {
      accessToken: encodeAccessToken(facts, 1, accessTokenLength),
      refreshToken,
      nowSeconds: Math.floor(issuedAtMilliseconds / 1000),
      lifetimeSeconds: 4500,
      permissions: {
        resource: 'https://graph.microsoft.com',
        scopes: ['https://graph.microsoft.com/User.Read'],
      },
      clientInfoOf: { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-000000000001' },
    },
    'v2',
  );
}

/** Serves one successful answer to everything, over TLS: nothing is redeemed, so that the clients are what costs. */
async function start(): Promise<CannedEndpoint> {
  const { certificate, privateKey } = createLoopbackCertificate();
  const body = Buffer.from(cannedBody());
  const trace = { traceId: crypto.randomUUID(), correlationId: '', nowMilliseconds: issuedAtMilliseconds };
  const canned = responseHeaders({ path: '', headers: {}, form: '' }, trace);
  const headers = { ...canned, 'content-length': body.byteLength };
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    request.resume().once('end', () => response.writeHead(200, headers).end(body));
  });
  const { url } = await listen(server);
  return { origin: url, certificate, refreshToken };
}

const procedures = { start };
export type TokenEndpointProcedures = typeof procedures;
answerParent(procedures);
