import type { EpochSeconds } from '../time.ts';
import { isSignature, sign } from './signature.ts';
import type { SigningKey, SigningKeys } from './signing-key.ts';

/** What the page after a consent says; signed, so that nobody can make it say something else. */
export interface Receipt {
  readonly account: string;
  readonly accessTokenExpiresAt: EpochSeconds;
  /** Registered scopes that Entra did not grant. */
  readonly lackingScopes: readonly string[];
}

const pattern = /^([a-z0-9-]{1,64})\.(\d{10})\.([\w-]{0,1400})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/** Of more there is said only so much: the receipt stands in an address. */
const mostLackingCharacters = 1000;

/** `<account>.<expiry>.<lacking scopes in base64url>.<key version>.<HMAC-SHA256>` */
export function signReceipt(
  { account, accessTokenExpiresAt: expiresAt, lackingScopes }: Receipt,
  { version, key }: SigningKey,
): string {
  const lacking = lackingScopes.join(' ').slice(0, mostLackingCharacters);
  const encoded = Buffer.from(lacking).toString('base64url');
  const signature = sign('consent-receipt', [account, expiresAt, encoded], key);
  return `${account}.${expiresAt}.${encoded}.${version}.${signature}`;
}

/** The receipt, if it was signed here. */
export async function readReceipt(signingKeys: SigningKeys, text: string): Promise<Receipt | undefined> {
  const [, account, expiry, lacking = '', version, signature] = pattern.exec(text) ?? [];
  if (account === undefined || version === undefined || signature === undefined) return undefined;
  const signing = await signingKeys.find(version);
  if (signing === undefined) return undefined;
  const good = isSignature(signature, 'consent-receipt', [account, Number(expiry), lacking], signing.key);
  if (!good) return undefined;
  const lackingScopes = Buffer.from(lacking, 'base64url').toString().split(' ').filter(Boolean);
  return { account, accessTokenExpiresAt: Number(expiry), lackingScopes };
}
