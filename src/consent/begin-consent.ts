import { createHash, randomBytes } from 'node:crypto';
import type { FailureRecord } from '../accounts/account-state.ts';
import { readCountingFailure } from '../accounts/registration-tags.ts';
import { authorizeUrl, type Prompt } from '../oauth/authorize-request.ts';
import { findCode } from '../oauth/error-catalogue.ts';
import { consentAudience } from '../oauth/scopes.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { nowSeconds } from '../time.ts';
import type { OpenedAccount } from './consent-account.ts';
import { sealAttempt } from './consent-cookie.ts';
import { askedUser } from './consented-user.ts';

interface AuthorizeStep {
  readonly authorizeUrl: string;
  /** The value of the attempt's cookie: `<key version>.<JWE>`. */
  readonly cookie: string;
}

const randomText = (): string => randomBytes(32).toString('base64url');

/**
 * A refused consent is asked for again in full; a lost token needs no more interaction than Entra itself demands
 * (Entra: resilience guide), but without a login hint the user chooses the account.
 */
function promptFor(failure: FailureRecord | undefined, loginHint: string | undefined): Prompt | undefined {
  if (failure !== undefined && findCode(failure.code)?.approval === 'user') return 'consent';
  return loginHint === undefined ? 'select_account' : undefined;
}

/** Begins a consent: where the browser goes, and what it must bring back. Nothing is kept here. */
export async function beginConsent(
  environment: RefreshEnvironment,
  account: OpenedAccount,
  link: string,
  redirectUri: string,
): Promise<AuthorizeStep> {
  const { registration, authority, id, registrationSecret } = account.prepared;
  const { version, key } = account.signingKey;
  const attempt = { account: id, link, state: randomText(), nonce: randomText(), codeVerifier: randomText() };
  const failure = readCountingFailure(registrationSecret.tags, account.refreshToken);
  const { loginHint } = askedUser(account.expected);
  const prompt = promptFor(failure, loginHint);
  const sealed = await sealAttempt(attempt, key, nowSeconds(environment.clock));
  const url = authorizeUrl({
    authority,
    tenant: registration.tenant,
    clientId: registration.clientId,
    audience: consentAudience(registration.tokens),
    redirectUri,
    state: attempt.state,
    nonce: attempt.nonce,
    codeChallenge: createHash('sha256').update(attempt.codeVerifier).digest('base64url'),
    ...omitUndefined({ loginHint, prompt }),
    ...(failure?.claims === undefined ? {} : { claims: failure.claims }),
  });
  return { authorizeUrl: url, cookie: `${version}.${sealed}` };
}
