import type { User } from '../../src/accounts/entra-ids.ts';
import type { ClientRegistration } from './clients.ts';
import { isPersonal } from './grants.ts';
import { encodeOpaqueToken } from './opaque-token.ts';
import { type CodeChallenge, checkVerifier } from './pkce.ts';
import { type EntraRefusal, refusal } from './refusal.ts';
import type { DirectoryUser } from './users.ts';
import { parameter, type TokenCall } from './wire.ts';

/** What a user consented to, until the client fetches it. */
interface PendingConsent {
  readonly clientId: string;
  /** As in the path of the authorize request. */
  readonly tenant: string;
  readonly redirectUri: string;
  readonly user: DirectoryUser;
  /** By the ids of the tenant that issues the tokens: see `Consent`. */
  readonly profile: User;
  /** Empty on v1. */
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly nonce: string | undefined;
  readonly challenge: CodeChallenge | undefined;
  readonly issuedAtMilliseconds: number;
}

export interface AuthorizationCode extends PendingConsent {
  /** A second use is refused. */
  spent: boolean;
}

const codeLifetimeMilliseconds = 600_000;
const codePrefix = '0.A';
const codeLength = 1000;

/** All codes ever given, one entry a consent. */
export class CodeStore {
  readonly #codes = new Map<string, AuthorizationCode>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  issue(consent: PendingConsent): string {
    const unguessed = Math.floor(this.#random() * 2 ** 48);
    const code = encodeOpaqueToken(codePrefix, [unguessed, this.#codes.size], codeLength);
    this.#codes.set(code, { ...consent, spent: false });
    return code;
  }

  /** Undefined for text that is damaged, or was never a code of this store. */
  get(code: string): AuthorizationCode | undefined {
    return this.#codes.get(code);
  }
}

/**
 * Why the code is not redeemed; undefined when it is. assumed: the order of the checks, and that only a wrong
 * verifier spends a code that is refused.
 */
export function checkCode(
  code: AuthorizationCode,
  client: ClientRegistration,
  call: TokenCall,
  nowMilliseconds: number,
): EntraRefusal | undefined {
  if (code.clientId !== client.clientId.toLowerCase()) return otherClient;
  if (code.tenant !== call.tenant) return otherTenant;
  if (code.spent) return replayed(code, call);
  if (nowMilliseconds - code.issuedAtMilliseconds >= codeLifetimeMilliseconds) return expired(code, call);
  const redirectUri = parameter(call, 'redirect_uri') ?? '';
  if (code.redirectUri !== redirectUri) return otherRedirectUri(code, redirectUri);
  const unproven = checkVerifier(code.challenge, parameter(call, 'code_verifier'));
  if (unproven !== undefined) code.spent = true;
  return unproven;
}

/** Seen for codes that were cut or encoded twice. */
export const malformedCode = refusal(9002313, 'Invalid request. Request is malformed or invalid.');

/** assumed: as for a refresh token of another client. */
const otherClient = refusal(700007, 'The grant was issued for a different client id.');

/** assumed: `common` and the user's own tenant are two tenants here, as the path is compared. */
const otherTenant = refusal(
  700005,
  'Provided Authorization Code is intended to use against other tenant, thus rejected.',
);

/** Personal accounts get 70000 for both, here with the text that was seen. assumed: a replay reads without "expired". */
const notValid = "The provided value for the 'code' parameter is not valid.";

function replayed(code: AuthorizationCode, call: TokenCall): EntraRefusal {
  if (isPersonal(code.profile)) return refusal(70000, notValid);
  const message =
    'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing ' +
    'refresh token.';
  return wrapped(refusal(54005, message), call);
}

function expired(code: AuthorizationCode, call: TokenCall): EntraRefusal {
  if (isPersonal(code.profile)) return refusal(70000, `${notValid} The code has expired.`);
  const message =
    'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive ' +
    'authorization request for this user and resource.';
  return wrapped(refusal(70008, message), call);
}

/** v1 tells both behind a 70002 (Entra: v1 auth code flow; seen for 54005). */
function wrapped(refused: EntraRefusal, call: TokenCall): EntraRefusal {
  return call.version === 'v1' ? { ...refused, wrapper: 70002 } : refused;
}

/** 50011 until 2018; since then seen with a number of its own, as `invalid_client`. */
function otherRedirectUri(code: AuthorizationCode, redirectUri: string): EntraRefusal {
  return refusal(
    500112,
    `The reply address '${redirectUri}' does not match the reply address '${code.redirectUri}' provided when ` +
      'requesting Authorization code.',
  );
}
