import type { User } from '../../src/accounts/entra-ids.ts';
import type { ClientRegistration, ClientSecret } from './clients.ts';
import { isPersonal } from './grants.ts';
import { type EntraRefusal, refusal } from './refusal.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What a request presents of its client. */
interface PresentedClient {
  readonly clientId?: string;
  readonly secret?: string;
  readonly assertion?: string;
}

/** RFC 7523 section 2.2. */
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * `client_secret_post`, or `client_secret_basic` (RFC 6749 section 2.3.1: both halves form-encoded).
 * assumed: parameters in the body win over the header.
 */
export function presentedClient(call: TokenCall): PresentedClient {
  const basic = parseBasic(call.headers['authorization']);
  const clientId = parameter(call, 'client_id') ?? basic?.clientId;
  const secret = parameter(call, 'client_secret') ?? basic?.secret;
  // assumed: an assertion of another type counts as none.
  const isJwt = parameter(call, 'client_assertion_type') === jwtBearer;
  const assertion = isJwt ? parameter(call, 'client_assertion') : undefined;
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(secret === undefined ? {} : { secret }),
    ...(assertion === undefined ? {} : { assertion }),
  };
}

function parseBasic(header: string | undefined): { clientId: string; secret: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return { clientId: formDecode(id), secret: formDecode(rest.join(':')) };
}

function formDecode(text: string): string {
  return new URLSearchParams(`v=${text}`).get('v') ?? '';
}

/** Why the client is not authenticated; undefined when it is. */
export function checkSecret(
  client: ClientRegistration,
  presented: string | undefined,
  nowMilliseconds: number,
): EntraRefusal | undefined {
  if (presented === undefined) return missingCredential;
  const matching = client.secrets.filter((secret) => secret.value === presented);
  if (matching.length === 0) return wrongSecret(client);
  return matching.some((secret) => isCurrent(secret, nowMilliseconds)) ? undefined : expiredSecret(client);
}

/** assumed: a secret has ended at its very end time. */
function isCurrent(secret: ClientSecret, nowMilliseconds: number): boolean {
  return secret.expiresAt === undefined || nowMilliseconds < secret.expiresAt * 1000;
}

/** Why a public client is refused; undefined when it proves itself by nothing. */
export function checkPublic(
  { secret, assertion }: PresentedClient,
  user: User | undefined,
): EntraRefusal | undefined {
  if (secret === undefined && assertion === undefined) return undefined;
  return user !== undefined && isPersonal(user) ? publicSecretOfPersonal : publicCredential;
}

/** Seen: harishkrupo/oauth2ms issue 19. */
const publicCredential = refusal(
  700025,
  "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
);

/** Seen of the endpoint for personal accounts: AzureAD/microsoft-authentication-library-for-dotnet issue 473. */
const publicSecretOfPersonal = refusal(90023, "Public clients can't send a client secret.");

const missingCredential = refusal(
  7000218,
  "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
);

function wrongSecret(client: ClientRegistration): EntraRefusal {
  return refusal(
    7000215,
    'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, ' +
      `not the client secret ID, for a secret added to app '${client.clientId}'.`,
  );
}

function expiredSecret(client: ClientRegistration): EntraRefusal {
  return refusal(
    7000222,
    `The provided client secret keys for app '${client.clientId}' are expired. Visit the Azure portal to ` +
      'create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate ' +
      'credentials for added security: https://aka.ms/certCreds.',
  );
}
