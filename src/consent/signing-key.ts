import { randomBytes } from 'node:crypto';
import type { StoredSecret } from '../accounts/secret.ts';
import type { PacedVault } from '../refresh/environment.ts';
import { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';
import { linkLifetimeSeconds } from './consent-link.ts';

export const signingKeyName = 'consent-signing-key';

export interface SigningKey {
  readonly version: string;
  readonly key: Sensitive;
}

const keyOf = ({ version, value }: StoredSecret): SigningKey => ({ version, key: value });

/**
 * The key that signs new links, made on first use. Two processes that make it at once leave two versions, and both
 * work: a link names the version it was signed with.
 */
export async function currentSigningKey({ vault, pacer }: PacedVault): Promise<SigningKey> {
  const present = await vault.get(signingKeyName);
  if (present !== undefined) return keyOf(present);
  await pacer.take();
  const key = new Sensitive(randomBytes(32).toString('base64url'));
  const version = await vault.set(signingKeyName, { value: key, contentType: 'text/plain', tags: {} });
  return { version, key };
}

/**
 * The key of an older link: the newest version, or one before it as long as its last links can live. Undefined for
 * a version that does not exist, is disabled or was replaced too long ago.
 */
export async function signingKeyOf(
  { vault }: PacedVault,
  version: string,
  now: EpochSeconds,
): Promise<SigningKey | undefined> {
  const newest = await vault.get(signingKeyName);
  if (newest === undefined) return undefined;
  if (newest.version === version) return keyOf(newest);
  if (now > newest.createdAt + linkLifetimeSeconds) return undefined;
  const older = await vault.get(signingKeyName, version);
  return older && keyOf(older);
}
