import { type EntraRefusal, refusal } from './refusal.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What each grant type needs beside the client; a grant type that is not here is not supported. */
const requiredParameters: Readonly<Record<string, readonly string[]>> = {
  refresh_token: ['refresh_token'],
  authorization_code: ['code', 'redirect_uri'],
};

/** Whether the request is well formed, before anything is looked up. assumed: the order of these checks. */
export function checkShape(
  method: string,
  call: TokenCall,
  clientId: string | undefined,
): EntraRefusal | undefined {
  if (method !== 'POST') return wrongMethod(method);
  const grantType = parameter(call, 'grant_type');
  if (grantType === undefined) return missing('grant_type');
  const required = requiredParameters[grantType];
  if (required === undefined) return unsupported(grantType);
  if (clientId === undefined) return missing('client_id');
  const absent = required.find((name) => parameter(call, name) === undefined);
  if (absent !== undefined) return missing(absent);
  if (call.version === 'v2' && parameter(call, 'resource') !== undefined) return resourceOnV2;
  return undefined;
}

/** A named parameter is not in the body. */
export function missing(name: string): EntraRefusal {
  return refusal(900144, `The request body must contain the following parameter: '${name}'.`);
}

/** A client that is not a single-page app must not send `Origin` (Entra: v2 auth code flow). */
export function crossOrigin(origin: string): EntraRefusal {
  return refusal(
    9002326,
    "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. " +
      `Request origin: '${origin}'.`,
  );
}

export function unknownTenant(tenant: string): EntraRefusal {
  return refusal(
    90002,
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the ` +
      'correct cloud. Check with your subscription administrator, this may happen if there are no active ' +
      'subscriptions for the tenant.',
  );
}

export const loopDetected = refusal(
  50196,
  'The server terminated an operation because it encountered a client request loop. ' +
    'Please contact your app vendor.',
);

export const resourceOnV2 = refusal(901002, "The 'resource' request parameter is not supported.");

function wrongMethod(method: string): EntraRefusal {
  return refusal(900561, `The endpoint only accepts POST requests. Received a ${method} request.`);
}

function unsupported(grantType: string): EntraRefusal {
  return refusal(70003, `The app requested an unsupported grant type '${grantType}'.`);
}
