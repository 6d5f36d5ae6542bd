import type { EpochSeconds } from '../time.ts';
import { isSignature, sign } from './signature.ts';
import type { SigningKey, SigningKeys } from './signing-key.ts';

/** What the page after a consent says; signed, so that nobody can make it say something else. */
export interface Receipt {
  readonly account: string;
  readonly accessTokenExpiresAt: EpochSeconds;
}

const pattern = /^([a-z0-9-]{1,64})\.(\d{10})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/** `<account>.<expiry>.<key version>.<HMAC-SHA256>` */
export function signReceipt(
  { account, accessTokenExpiresAt: expiresAt }: Receipt,
  { version, key }: SigningKey,
): string {
  return `${account}.${expiresAt}.${version}.${sign('consent-receipt', [account, expiresAt], key)}`;
}

/** The receipt, if it was signed here. */
export async function readReceipt(signingKeys: SigningKeys, text: string): Promise<Receipt | undefined> {
  const [, account, expiry, version, signature] = pattern.exec(text) ?? [];
  if (account === undefined || version === undefined || signature === undefined) return undefined;
  const signing = await signingKeys.find(version);
  if (signing === undefined) return undefined;
  const good = isSignature(signature, 'consent-receipt', [account, Number(expiry)], signing.key);
  return good ? { account, accessTokenExpiresAt: Number(expiry) } : undefined;
}
