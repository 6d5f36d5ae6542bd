import {
  type CredentialRejection,
  certificateEndTags,
  credentialEnd,
  credentialTags,
  readCredentialRejection,
  readIdentityRejection,
} from '../accounts/credential-tags.ts';
import { credentialSecretOf } from '../accounts/registration.ts';
import type { StoredSecret, Tags } from '../accounts/secret.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import { nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import type { ReadCredential, UsableCredential } from './credential.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { SweepState } from './sweep-state.ts';

/**
 * Key of {@link SweepState.rejections}: the credential's secret and the client that it was used for. No secret has an
 * underscore in its name.
 *
 * @param secretName undefined for a client that needs no secret
 */
export function rejectionKey(secretName: string | undefined, clientId: string): string {
  return `${secretName ?? 'managed_identity'} ${clientId}`.toLowerCase();
}

function keyOf({ registration }: PreparedAccount): string {
  return rejectionKey(credentialSecretOf(registration.clientAuthentication), registration.clientId);
}

async function saveTags(sweep: SweepState, secret: StoredSecret, tags: Tags): Promise<void> {
  try {
    await sweep.environment.credentials.vault.update(secret.name, secret.version, { tags });
  } catch (error) {
    // Only the incident's beginning is lost; the next sweep finds the rejection again.
    if (!(error instanceof VaultError)) throw error;
  }
}

/** The incident as it goes on from what is noted, on the newest version or, without a secret, on the registration. */
function incidentOf(
  sweep: SweepState,
  { registration, authority, registrationSecret }: PreparedAccount,
  newest: StoredSecret | undefined,
  facts: FailureFacts,
  fallback: boolean,
): { readonly rejection: CredentialRejection; readonly isNoted: boolean } {
  const { clientId } = registration;
  const { code, cause, remedy } = facts;
  const before = newest
    ? readCredentialRejection(newest.tags)
    : readIdentityRejection(registrationSecret.tags);
  const isNoted =
    before?.clientId === clientId && before.code === code && (before.fallback ?? false) === fallback;
  const traceId = isNoted ? before.traceId : facts.traceId;
  const since = isNoted ? before.since : nowSeconds(sweep.environment.clock);
  const rejection: CredentialRejection = {
    clientId,
    authority,
    code,
    cause,
    remedy,
    since,
    ...(traceId === undefined ? {} : { traceId }),
    ...(fallback ? { fallback } : {}),
  };
  return { rejection, isNoted };
}

/** A credential that cannot be used, so that nothing was sent: the same incident for all accounts of the client. */
export function noteUnusable(
  sweep: SweepState,
  account: PreparedAccount,
  { facts, passing }: Extract<ReadCredential, { ok: false }>,
): void {
  const isStored = account.registration.clientAuthentication.method !== 'managed_identity';
  const incident = isStored ? facts : incidentOf(sweep, account, undefined, facts, false).rejection;
  const key = keyOf(account);
  sweep.rejections.set(key, incident);
  if (passing) sweep.onNextRound(() => sweep.rejections.delete(key));
}

/**
 * Opens or continues the incident of a rejected credential; once a sweep, however many accounts find it.
 *
 * @param newest the newest version of the credential's secret; undefined for a client without one
 */
export async function openIncident(
  sweep: SweepState,
  account: PreparedAccount,
  newest: StoredSecret | undefined,
  facts: FailureFacts,
): Promise<void> {
  const key = keyOf(account);
  if (sweep.rejections.has(key)) return;
  const { rejection, isNoted } = incidentOf(sweep, account, newest, facts, false);
  sweep.rejections.set(key, rejection);
  if (newest !== undefined && !isNoted) await saveTags(sweep, newest, credentialTags(newest.tags, rejection));
}

/** Notes on the newest version that an older one was accepted in its stead; once a sweep. */
export async function noteFallback(
  sweep: SweepState,
  account: PreparedAccount,
  newest: StoredSecret | undefined,
  facts: FailureFacts,
): Promise<void> {
  const key = keyOf(account);
  if (sweep.fallbackClients.has(key)) return;
  sweep.fallbackClients.add(key);
  sweep.accepted.add(key);
  if (newest === undefined) return;
  const { rejection, isNoted } = incidentOf(sweep, account, newest, facts, true);
  if (!isNoted) await saveTags(sweep, newest, credentialTags(newest.tags, rejection));
}

/**
 * Ends the incident once the same credential version was accepted. A certificate's end is noted on a secret without an
 * expiry attribute by then, so that the listing tells it.
 */
export async function closeIncident(
  sweep: SweepState,
  account: PreparedAccount,
  { credential, newest }: UsableCredential,
): Promise<void> {
  const key = keyOf(account);
  if (sweep.accepted.has(key)) return;
  sweep.accepted.add(key);
  if (newest === undefined) return;
  const isMarked = readCredentialRejection(newest.tags)?.clientId === account.registration.clientId;
  const cleared = isMarked ? credentialTags(newest.tags, undefined) : newest.tags;
  const isSilent = credential.method === 'certificate' && credentialEnd(newest) === undefined;
  const told = isSilent ? certificateEndTags(cleared, credential.certificate.notAfter) : undefined;
  if (isMarked || told !== undefined) await saveTags(sweep, newest, told ?? cleared);
}

/** The incident of a client without a secret, as the account's registration is to remember it after this sweep. */
export function identityRejection(
  sweep: SweepState,
  account: PreparedAccount,
  isStruck: boolean,
): CredentialRejection | undefined {
  if (account.registration.clientAuthentication.method !== 'managed_identity') return undefined;
  const incident = sweep.rejections.get(keyOf(account));
  if (isStruck && incident !== undefined && 'clientId' in incident && incident.since !== undefined) {
    return incident as CredentialRejection;
  }
  return readIdentityRejection(account.registrationSecret.tags);
}
