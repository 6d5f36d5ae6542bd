import {
  type CredentialRejection,
  credentialTags,
  readCredentialRejection,
} from '../accounts/credential-tags.ts';
import type { StoredSecret } from '../accounts/secret.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import { nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import type { PreparedAccount } from './prepare-account.ts';
import type { SweepState } from './sweep-state.ts';

/** Key of {@link SweepState.rejections}: the credential's secret and the client that it was used for. */
export function rejectionKey(secretName: string, clientId: string): string {
  return `${secretName} ${clientId}`.toLowerCase();
}

async function saveRejection(
  sweep: SweepState,
  secret: StoredSecret,
  rejection: CredentialRejection | undefined,
): Promise<void> {
  try {
    const tags = credentialTags(secret.tags, rejection);
    await sweep.environment.credentials.vault.update(secret.name, secret.version, { tags });
  } catch (error) {
    // Only the incident's beginning is lost; the next sweep finds the rejection again.
    if (!(error instanceof VaultError)) throw error;
  }
}

/** A credential that is missing or malformed: the same incident for all its accounts, without a mark on a secret. */
export function noteUnusable(sweep: SweepState, account: PreparedAccount, facts: FailureFacts): void {
  const { clientAuthentication, clientId } = account.registration;
  sweep.rejections.set(rejectionKey(clientAuthentication.secretName, clientId), facts);
}

/** Opens or continues the incident of a rejected credential; once a sweep, however many accounts find it. */
export async function openIncident(
  sweep: SweepState,
  account: PreparedAccount,
  secret: StoredSecret,
  facts: FailureFacts,
): Promise<void> {
  const { clientId } = account.registration;
  const key = rejectionKey(secret.name, clientId);
  if (sweep.rejections.has(key)) return;
  const before = readCredentialRejection(secret.tags);
  const continued = before?.clientId === clientId && before.code === facts.code;
  const { code, cause, remedy } = facts;
  const traceId = continued ? before.traceId : facts.traceId;
  const since = continued ? before.since : nowSeconds(sweep.environment.clock);
  const rejection: CredentialRejection = {
    clientId,
    authority: account.authority,
    code,
    cause,
    remedy,
    since,
    ...(traceId === undefined ? {} : { traceId }),
  };
  sweep.rejections.set(key, rejection);
  if (!continued) await saveRejection(sweep, secret, rejection);
}

/** Ends the incident once the same credential version was accepted. */
export async function closeIncident(
  sweep: SweepState,
  account: PreparedAccount,
  secret: StoredSecret,
): Promise<void> {
  const { clientId } = account.registration;
  const key = rejectionKey(secret.name, clientId);
  if (sweep.accepted.has(key)) return;
  sweep.accepted.add(key);
  if (readCredentialRejection(secret.tags)?.clientId === clientId)
    await saveRejection(sweep, secret, undefined);
}
