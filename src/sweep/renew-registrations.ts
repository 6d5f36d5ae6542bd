import { parseSecretName } from '../accounts/account-id.ts';
import { notingOrigin } from '../accounts/registration-tags.ts';
import { cappedExpiry, type ListedSecret, type StoredSecret } from '../accounts/secret.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { type EpochSeconds, nowSeconds, secondsPerDay } from '../time.ts';
import { concernsOneSecret, readIfEnabled, VaultError } from '../vault/secret-vault.ts';
import { setWithPermit } from '../vault/write-pacer.ts';

/** How long before its expiry a registration is written again; half of its life, where that is shorter. */
const noticeSeconds = 30 * secondsPerDay;
/** A few seconds of a sweep; in the 30 days before their expiry there are 1,440 sweeps of 25. */
const mostInOneSweep = 25;

/**
 * Whether a registration should be written again: it has no expiry, one that is near or over, or a later one than the
 * settings allow. A paused one stays as it is: Key Vault gives no value of a disabled secret.
 *
 * @param longestSeconds what the settings allow
 */
export function needsRewriting(
  { name, enabled, createdAt, expiresAt }: ListedSecret,
  now: EpochSeconds,
  longestSeconds: number,
): boolean {
  if (parseSecretName(name)?.kind !== 'registration' || !enabled) return false;
  if (expiresAt === undefined) return true;
  return (
    expiresAt - now <= Math.min(noticeSeconds, longestSeconds / 2) || expiresAt - createdAt > longestSeconds
  );
}

/**
 * Writes a registration again as it is, as a new version: Azure Policy counts a longest validity from when a version
 * was made, so no later expiry of the present one would do. Consents that are under way and a remembered failure stay
 * (the tags go along), and {@link registeredAt} stays what it was.
 */
async function rewrite(environment: RefreshEnvironment, present: StoredSecret): Promise<string> {
  const { credentials, clock, policy } = environment;
  const permit = await credentials.pacer.take();
  return setWithPermit(credentials, permit, present.name, {
    value: present.value,
    contentType: present.contentType ?? '',
    tags: notingOrigin(present),
    expiresAt: cappedExpiry(nowSeconds(clock), policy.secretExpirySeconds),
  });
}

/**
 * Key Vault has no compare-and-set: what somebody changed between our reading and our write is put on top again.
 *
 * @param known versions that were there before, the copied one and ours
 */
async function restoreOvertaken(
  environment: RefreshEnvironment,
  copied: StoredSecret,
  version: string,
  known: ReadonlySet<string>,
): Promise<void> {
  const { vault } = environment.credentials;
  const { name } = copied;
  const after = await vault.versions(name);
  const newest = await readIfEnabled(() => vault.get(name));
  // Theirs came after ours, or is a pause.
  if (newest?.version !== version) return;
  const overtaken = after.filter((listed) => !known.has(listed.version));
  for (const { version: theirs } of overtaken.sort((a, b) => b.createdAt - a.createdAt)) {
    const stored = await readIfEnabled(() => vault.get(name, theirs));
    if (stored !== undefined) return void (await rewrite(environment, stored));
  }
  const source = after.find((listed) => listed.version === copied.version);
  if (source === undefined) return;
  const tags = notingOrigin(source);
  await vault.update(name, version, source.enabled ? { tags } : { tags, enabled: false });
}

/** False for one that is gone or was paused since the listing. */
async function renew(environment: RefreshEnvironment, name: string): Promise<boolean> {
  const { vault } = environment.credentials;
  const before = await vault.versions(name);
  const present = await readIfEnabled(() => vault.get(name));
  if (present === undefined) return false;
  const version = await rewrite(environment, present);
  const known = new Set([version, present.version, ...before.map((listed) => listed.version)]);
  await restoreOvertaken(environment, present, version, known);
  return true;
}

/**
 * Writes registrations again that are about to expire, those that expire first going first and at most 25 in a sweep;
 * one that cannot be written takes nobody's turn. A vault that refuses ends it until the next sweep: an expired
 * registration works like any other.
 *
 * @param mayWrite false when the sweep has to end
 */
export async function renewRegistrations(
  environment: RefreshEnvironment,
  secrets: readonly ListedSecret[],
  mayWrite: () => boolean,
): Promise<void> {
  const { clock, policy } = environment;
  const now = nowSeconds(clock);
  const due = secrets
    .filter((secret) => needsRewriting(secret, now, policy.secretExpirySeconds))
    .sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0));
  let written = 0;
  for (const { name } of due) {
    if (written === mostInOneSweep || !mayWrite()) return;
    try {
      if (await renew(environment, name)) written += 1;
    } catch (error) {
      // A defect of ours on one registration concerns no other, and its account's own refresh tells of it.
      if (error instanceof VaultError && !concernsOneSecret(error)) return;
    }
  }
}
