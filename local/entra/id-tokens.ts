import { createHash } from 'node:crypto';
import { sameUser } from '../../src/accounts/entra-ids.ts';
import type { EndpointVersion } from '../../src/oauth/authority.ts';
import type { AuthorizationCode } from './authorization-codes.ts';
import { issuerOf } from './discovery.ts';
import { isPersonal } from './grants.ts';
import { IssuerKey, unsignedJwt } from './signing-key.ts';

/**
 * What is wrong with an id token; for tests.
 * - `missing`: the answer has none
 * - `foreign_key`: signed by a key that is not served, under the name of one that is; without effect on v1
 * - `expired`: an hour ago
 */
export type IdTokenFault =
  | 'missing'
  | 'other_nonce'
  | 'other_audience'
  | 'other_issuer'
  | 'foreign_key'
  | 'expired';

interface IdTokenFacts {
  readonly code: AuthorizationCode;
  readonly version: EndpointVersion;
  /** The origin that the client asked. */
  readonly authority: string;
  readonly nowSeconds: number;
}

type IdTokenClaims = Readonly<Record<string, string | number | undefined>>;

/** Issues id tokens; its keys are made when the first is needed. */
export class IdTokenIssuer {
  #key: IssuerKey | undefined;
  #foreignKey: IssuerKey | undefined;
  /** The authority that tokens and metadata name as the issuer, in place of the one that was asked. */
  issuerAuthority: string | undefined;

  /** The key whose public half is served. */
  get key(): IssuerKey {
    this.#key ??= new IssuerKey();
    return this.#key;
  }

  /** v2 signs; v1 does not (Entra: v1 auth code flow). Undefined when none is due. */
  issue(asked: IdTokenFacts, fault: IdTokenFault | undefined): string | undefined {
    const facts = { ...asked, authority: this.issuerAuthority ?? asked.authority };
    if (fault === 'missing' || !isDue(facts)) return undefined;
    const claims = { ...claimsOf(facts), ...changedClaims(facts, fault) };
    if (facts.version === 'v1') return unsignedJwt(claims);
    if (fault !== 'foreign_key') return this.key.signJwt(claims);
    this.#foreignKey ??= new IssuerKey();
    return this.#foreignKey.signJwt(claims, this.key.keyId);
  }
}

/** v1 has no `openid` to ask for. assumed: on v2 the authorize request's scopes decide, not the token request's. */
function isDue({ version, code }: IdTokenFacts): boolean {
  return version === 'v1' || code.scopes.includes('openid');
}

/**
 * Tenant and object id are those of the issuing tenant, which for a guest is not his home; that one stands in
 * `client_info` (AzureAD/microsoft-identity-web issue 18; AzureAD/microsoft-authentication-library-for-dotnet issue 2327).
 */
function claimsOf(facts: IdTokenFacts): IdTokenClaims {
  const { code, version, nowSeconds } = facts;
  return {
    aud: code.clientId,
    iss: issuer(facts, code.profile.tenantId.toLowerCase()),
    ...times(nowSeconds),
    sub: pairwiseSubject(code),
    tid: code.profile.tenantId.toLowerCase(),
    nonce: code.nonce,
    ...(version === 'v1' ? v1Claims(code) : v2Claims(code)),
  };
}

function issuer({ version, authority }: IdTokenFacts, tenantId: string): string {
  return issuerOf(authority, version, tenantId);
}

/** Begins five minutes back and ends in an hour: the 3,900 seconds of the document's v1 sample. */
function times(nowSeconds: number): IdTokenClaims {
  return { iat: nowSeconds - 300, nbf: nowSeconds - 300, exp: nowSeconds + 3600 };
}

/**
 * The object id, too, needs `profile` (Entra: id token claims reference). A guest is named as at home (seen:
 * foundationallm/foundationallm pull request 870).
 */
function v2Claims({ user, profile, scopes }: AuthorizationCode): IdTokenClaims {
  if (!scopes.includes('profile')) return { ver: '2.0' };
  const { displayName, userPrincipalName } = user;
  return {
    oid: profile.objectId.toLowerCase(),
    preferred_username: userPrincipalName,
    name: displayName,
    ver: '2.0',
  };
}

/**
 * A guest has no `upn` and, with a personal account, a prefix before his name (seen: MicrosoftDocs/azure-docs issue 41385,
 * cgillum/easyauth issue 9).
 */
function v1Claims({ user, profile }: AuthorizationCode): IdTokenClaims {
  const name = user.userPrincipalName;
  const names = sameUser(user, profile)
    ? { upn: name, unique_name: name }
    : { unique_name: isPersonal(user) ? `live.com#${name}` : name };
  return { oid: profile.objectId.toLowerCase(), ...names, name: user.displayName, ver: '1.0' };
}

/** Another one for every client (Entra: id token claims reference). */
function pairwiseSubject({ clientId, profile }: AuthorizationCode): string {
  return createHash('sha256').update(`${clientId} ${profile.objectId}`.toLowerCase()).digest('base64url');
}

function changedClaims(facts: IdTokenFacts, fault: IdTokenFault | undefined): IdTokenClaims {
  const stranger = '00000000-0000-4000-a000-00000000bad0';
  switch (fault) {
    case 'other_nonce':
      return { nonce: 'nonce-of-another-request' };
    case 'other_audience':
      return { aud: stranger };
    case 'other_issuer':
      return { iss: issuer(facts, stranger) };
    case 'expired':
      return times(facts.nowSeconds - 7200);
    default:
      return {};
  }
}
