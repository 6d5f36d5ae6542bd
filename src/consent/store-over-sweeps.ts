import { secretName } from '../accounts/account-id.ts';
import { readRefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import type { SecretWrite } from '../accounts/secret.ts';
import { type DurableWrite, overlapSeconds, storeConsentedToken } from '../refresh/durable-write.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { ignoringVaultErrors } from '../refresh/superseded-versions.ts';
import { readIfEnabled } from '../vault/stored-value.ts';

export type NotStored = Extract<DurableWrite, { kind: 'not_stored' }>;

const maximumStores = 3;

/**
 * Stores a consent's refresh token, looks again a moment later, and stores it again if a sweep that had begun before
 * wrote its rotation of the old grant over it. The first write's permit was taken before.
 */
export async function storeOverSweeps(
  { credentials, clock }: RefreshEnvironment,
  id: string,
  write: SecretWrite,
  attemptId: string,
): Promise<NotStored | undefined> {
  const name = secretName('refreshToken', id);
  for (let stores = 1; ; stores++) {
    const stored = await storeConsentedToken(credentials, clock, name, write, attemptId);
    if (stored.kind === 'not_stored') return stored;
    if (stored.kind === 'superseded' || stores === maximumStores) return undefined;
    await clock.sleep(overlapSeconds * 1000);
    const newest = await ignoringVaultErrors(readIfEnabled(() => credentials.vault.get(name)));
    const newestTags = newest && readRefreshTokenTags(newest.tags);
    const follows = newest?.version === stored.version || newestTags?.previousVersion === stored.version;
    if (newestTags === undefined || follows || newestTags.source !== 'sweep') return undefined;
    await credentials.pacer.take();
  }
}
