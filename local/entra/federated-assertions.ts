import { constants, verify } from 'node:crypto';
import type { AssertionContext } from './client-assertions.ts';
import type { ClientRegistration } from './clients.ts';
import { type Jwt, timeFault } from './jwt.ts';
import { type Refusal, refusal } from './refusal.ts';

/**
 * Checks a token against the client's federated identity credentials: issuer, subject and audience, each letter by
 * letter, then signature and time. assumed: the order; and that a token which Entra did not sign is 50013.
 */
export function checkFederated(
  { federatedCredentials = [] }: ClientRegistration,
  jwt: Jwt,
  { nowMilliseconds, issuerKey }: AssertionContext,
): Refusal | undefined {
  const { iss, sub, aud, idtyp } = jwt.claims;
  if (federatedCredentials.length === 0) return noCredentials;
  const ofIssuer = federatedCredentials.filter(({ issuer }) => issuer === iss);
  if (ofIssuer.length === 0) return noMatch(700211, 'issuer', iss);
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
  if (ofSubject.length === 0) return wrongSubject(ofIssuer, sub);
  if (!ofSubject.some(({ audience }) => audience === aud)) return noMatch(700212, 'audience', aud);
  const key = { key: issuerKey(), padding: constants.RSA_PKCS1_PADDING };
  if (jwt.header['alg'] !== 'RS256' || !verify('sha256', jwt.signed, key, jwt.signature)) return badSignature;
  if (idtyp !== 'app') return actsForUser;
  return timeFault(jwt, nowMilliseconds);
}

function wrongSubject(candidates: readonly { readonly subject: string }[], subject: unknown): Refusal {
  const isNear = candidates.some((one) => one.subject.toLowerCase() === String(subject).toLowerCase());
  return noMatch(isNear ? 7002138 : 700213, 'subject', subject);
}

function noMatch(code: number, what: string, value: unknown): Refusal {
  return refusal(
    code,
    `No matching federated identity record found for presented assertion ${what} '${String(value)}'. Please check ` +
      'your federated identity credential Subject, Audience and Issuer against the presented assertion.',
  );
}

const noCredentials = refusal(70025, 'The client has no configured federated identity credentials.');
const badSignature = refusal(50013, 'Assertion failed signature validation.');
const actsForUser = refusal(700229, 'Only app-only tokens may be used as a federated identity credential.');
