import type { ClientRegistration } from './clients.ts';
import { type EntraGrant, isPersonal } from './grants.ts';
import type { RefreshTokenFacts } from './issued-tokens.ts';
import { type EntraRefusal, refusal } from './refusal.ts';
import { notConsented } from './scopes.ts';
import type { TokenCall } from './wire.ts';

/** A presented refresh token with the grant it belongs to. */
export interface PresentedToken {
  readonly facts: RefreshTokenFacts;
  readonly grant: EntraGrant;
}

/** How long and how often a refresh token can be used, and what became of the user. */
interface RefreshTokenRules {
  readonly nowMilliseconds: number;
  readonly lifetimeMilliseconds: number;
  /** True: only the newest refresh token of a grant is accepted. */
  readonly strictRotation: boolean;
  /** The number that refuses everything of this user: 50057 disabled, 500341 deleted. */
  readonly userRefusedBy: number | undefined;
}

/** Whether token, client, tenant and endpoint belong together; undefined when they do. */
export function checkBinding(
  { grant }: PresentedToken,
  client: ClientRegistration,
  call: TokenCall,
): EntraRefusal | undefined {
  if (grant.clientId !== client.clientId.toLowerCase()) return otherClient(grant);
  if (grant.platform === 'spa') return crossOriginOnly;
  if (isPersonal(grant.profile) && call.version === 'v1') return v1ForPersonal;
  return checkTenant(grant, call.tenant);
}

/**
 * A refresh token is bound to user and client, not to a tenant (Entra: refresh tokens); but the user must be
 * known there. assumed: members of the home tenant and of the tenant of the consent are, as a guest, too; a personal account at
 * `organizations` is not; a work account at `consumers` gets 70000.
 */
function checkTenant(grant: EntraGrant, tenant: string): EntraRefusal | undefined {
  const home = grant.user.tenantId.toLowerCase();
  if (tenant === 'common' || tenant === home || tenant === grant.tenant || tenant === grant.profile.tenantId)
    return undefined;
  if (tenant === 'consumers') return isPersonal(grant.profile) ? undefined : invalidGrant;
  if (tenant === 'organizations' && !isPersonal(grant.profile)) return undefined;
  return notInTenant(grant, tenant);
}

/** Whether the grant lives and this token of it may be used; undefined when so. */
export function checkAlive(
  { facts, grant }: PresentedToken,
  rules: RefreshTokenRules,
): EntraRefusal | undefined {
  if (grant.endedBy !== undefined) return ended(grant, facts, grant.endedBy);
  if (rules.userRefusedBy !== undefined) return ended(grant, facts, rules.userRefusedBy);
  if (isTooOld(facts, rules)) return inactive(grant, facts, rules.lifetimeMilliseconds);
  if (rules.strictRotation && facts.serial !== grant.serial) return invalidGrantOf(grant);
  return undefined;
}

/** assumed: a token of exactly its lifetime's age is too old. */
function isTooOld(facts: RefreshTokenFacts, rules: RefreshTokenRules): boolean {
  return rules.nowMilliseconds - facts.issuedAtMilliseconds >= rules.lifetimeMilliseconds;
}

/** Seen for a truncated or wrongly encoded refresh token. */
export const malformedToken = refusal(9002313, 'Invalid request. Request is malformed or invalid.');

/** assumed: for a grant nobody knows, and under strict rotation for a spent token (Entra never rotates so). */
export const invalidGrant = refusal(70000, 'Provided grant is invalid or malformed.');

/** What personal accounts get for nearly every fault of a grant. */
const personalGrantExpired = refusal(
  70000,
  'The user could not be authenticated as the grant is expired. The user must sign in again.',
);

const personalWrongClient = refusal(
  70000,
  "The provided value for the input parameter 'refresh_token' or 'assertion' is not valid. " +
    'The token was issued for a different client id.',
);

/** assumed: with `Origin` it is refused as well (9002326); redeeming from a browser is not modelled. */
const crossOriginOnly = refusal(
  9002327,
  "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
);

export const v1ForPersonal = refusal(
  90027,
  'We are unable to issue tokens from this API version on the MSA tenant. Please contact the application ' +
    'vendor as they need to use version 2.0 of the protocol to support this.',
);

function invalidGrantOf(grant: EntraGrant): EntraRefusal {
  return isPersonal(grant.profile) ? personalGrantExpired : invalidGrant;
}

/** Seen, as `invalid_grant`: CompassSecurity/EntraFalcon issue 6. */
function otherClient(grant: EntraGrant): EntraRefusal {
  if (isPersonal(grant.profile)) return personalWrongClient;
  return refusal(700007, 'The grant was issued for a different client id.');
}

/** A user is not known in a tenant. */
export function notInTenant(grant: Pick<EntraGrant, 'user' | 'clientId'>, tenant: string): EntraRefusal {
  return refusal(
    50020,
    `User account '{EUII Hidden}' from identity provider 'https://sts.windows.net/${grant.user.tenantId}/' ` +
      `does not exist in tenant '${tenant}' and cannot access the application '${grant.clientId}' in that ` +
      'tenant. The account needs to be added as an external user in the tenant first.',
  );
}

function ended(grant: EntraGrant, facts: RefreshTokenFacts, code: number): EntraRefusal {
  if (isPersonal(grant.profile) || code === invalidGrant.code) return invalidGrantOf(grant);
  switch (code) {
    case 50173:
      return revoked(grant, facts);
    case 65001:
      return notConsented(grant.clientId);
    default:
      return userRefused(code);
  }
}

/** Everything of this user is refused by a number. */
export function userRefused(code: number): EntraRefusal {
  switch (code) {
    case 50057:
      return refusal(code, 'The user account is disabled.');
    case 500341:
      // Viva Goals: troubleshoot AAD errors for integrations, as an `invalid_grant`.
      return refusal(
        code,
        'The user account {EUII Hidden} has been deleted from the directory. To sign into this application, the ' +
          'account must be added to the directory.',
      );
    default:
      return refusal(code, 'The grant cannot be used.');
  }
}

function revoked(grant: EntraGrant, facts: RefreshTokenFacts): EntraRefusal {
  return refusal(
    50173,
    'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might ' +
      `have changed or reset their password. The grant was issued on '${iso(facts.issuedAtMilliseconds)}' and ` +
      'the TokensValidFrom date (before which tokens are not valid) for this user is ' +
      `'${iso(grant.endedAtMilliseconds)}'.`,
  );
}

function inactive(grant: EntraGrant, facts: RefreshTokenFacts, lifetimeMilliseconds: number): EntraRefusal {
  if (isPersonal(grant.profile)) return personalGrantExpired;
  const days = Math.round(lifetimeMilliseconds / 86_400_000);
  return refusal(
    700082,
    `The refresh token has expired due to inactivity. The token was issued on ` +
      `${iso(facts.issuedAtMilliseconds)} and was inactive for ${days}.00:00:00.`,
  );
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
