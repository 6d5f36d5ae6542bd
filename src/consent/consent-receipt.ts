import type { RefreshEnvironment } from '../refresh/environment.ts';
import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { isSignature, sign } from './signature.ts';
import { signingKeyOf } from './signing-key.ts';

/** What the page after a consent says; signed, so that nobody can make it say something else. */
export interface Receipt {
  readonly account: string;
  readonly accessTokenExpiresAt: EpochSeconds;
}

const pattern = /^([a-z0-9-]{1,64})\.(\d{10})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/** `<account>.<expiry>.<key version>.<HMAC-SHA256>` */
export function signReceipt(
  account: string,
  expiresAt: EpochSeconds,
  keyVersion: string,
  key: Sensitive,
): string {
  return `${account}.${expiresAt}.${keyVersion}.${sign('consent-receipt', [account, expiresAt], key)}`;
}

/** The receipt, if it was signed here. */
export async function readReceipt(
  environment: RefreshEnvironment,
  text: string,
): Promise<Receipt | undefined> {
  const [, account, expiry, version, signature] = pattern.exec(text) ?? [];
  if (account === undefined || version === undefined || signature === undefined) return undefined;
  const signing = await signingKeyOf(environment.credentials, version, nowSeconds(environment.clock));
  if (signing === undefined) return undefined;
  const good = isSignature(signature, 'consent-receipt', [account, Number(expiry)], signing.key);
  return good ? { account, accessTokenExpiresAt: Number(expiry) } : undefined;
}
