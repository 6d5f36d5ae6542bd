import { isDeepStrictEqual } from 'node:util';
import { type Account, buildAccounts } from '../accounts/account.ts';
import { accountIdFault, secretName } from '../accounts/account-id.ts';
import {
  checkRegistrationFields,
  type RegistrationFields,
  type RegistrationFieldsResult,
  readRegistrationFields,
} from '../accounts/registration.ts';
import { summarize } from '../accounts/registration-summary.ts';
import { registrationTags, tagsForNewRegistration } from '../accounts/registration-tags.ts';
import { cappedExpiry, type SecretWrite, type Tags } from '../accounts/secret.ts';
import { defaultAuthority, parseAuthority } from '../oauth/authority.ts';
import { Sensitive } from '../sensitive.ts';
import { persistently } from '../vault/durable-write.ts';
import { readIfEnabled } from '../vault/secret-vault.ts';
import { setWithPermit } from '../vault/write-pacer.ts';
import { type CommandError, usageError } from './result.ts';
import type { Session } from './session.ts';

const registrationContentType = 'application/vnd.token-refresher.account+json';

/** @throws CommandError when no account can have this id */
export function checkId(id: string): void {
  const fault = accountIdFault(id);
  if (fault !== undefined) throw usageError(fault, 'Choose another id, or see the ids with: account list.');
}

/**
 * The account as the listings show it.
 *
 * @throws CommandError when nothing of it is there
 */
export async function findAccount(session: Session, id: string): Promise<Account> {
  checkId(id);
  const { credentials, tokens } = await session.list();
  const account = buildAccounts(credentials, tokens).find((other) => other.id === id);
  if (account === undefined) throw noAccount(id);
  return account;
}

export const noAccount = (id: string): CommandError =>
  usageError(`There is no account "${id}".`, 'See the ids with: account list.');

/** Fields that can be used, with what was made of them. */
export type CheckedFields = Extract<RegistrationFieldsResult, { ok: true }>;

/** A registration that could be read: fields, or why they cannot be used. */
export type StoredRegistration = RegistrationFieldsResult & { readonly tags: Tags };

/** The registration as the vault has it; undefined for one that is disabled or not there. */
export async function readRegistration(
  { environment }: Session,
  id: string,
): Promise<StoredRegistration | undefined> {
  const { vault } = environment.credentials;
  const stored = await readIfEnabled(() => vault.get(secretName('registration', id)));
  return stored && { ...readRegistrationFields(stored.value), tags: stored.tags };
}

/**
 * Fields that a sweep will be able to use, its authority included.
 *
 * @throws CommandError with every fault
 */
export function checkFields({ config }: Session, id: string, fields: RegistrationFields): CheckedFields {
  const checked = checkRegistrationFields(fields);
  const { additionalAuthorityHosts: additionalHosts, allowLoopback } = config;
  const authority = (checked.ok && checked.registration.authority) || defaultAuthority;
  const trusted = parseAuthority(authority, { additionalHosts, allowLoopback });
  const fault = checked.ok ? (trusted.kind === 'fault' ? trusted.message : undefined) : checked.fault;
  if (checked.ok && fault === undefined) return checked;
  throw usageError(
    `The registration of "${id}" cannot be used: ${fault}.`,
    'Correct it; nothing was written.',
  );
}

/** Writes a new version of a credential at the pace of whoever works beside sweeps; throttling or silence is waited for. */
export async function writeSecret({ environment }: Session, name: string, write: SecretWrite): Promise<void> {
  const { credentials, clock } = environment;
  await persistently(clock, async () =>
    setWithPermit(credentials, await credentials.pacer.take(), name, write),
  );
}

/** Writes a registration as a new version; foreign tags stay, a remembered failure goes. */
export async function writeRegistration(
  session: Session,
  id: string,
  { fields, registration }: CheckedFields,
  present: Tags,
): Promise<void> {
  await writeSecret(session, secretName('registration', id), {
    value: new Sensitive(`${JSON.stringify(fields, undefined, 2)}\n`),
    contentType: registrationContentType,
    tags: registrationTags(tagsForNewRegistration(present), summarize(id, registration), undefined),
    expiresAt: cappedExpiry(session.now(), session.environment.policy.secretExpirySeconds),
  });
}

/** A field in which two registrations differ: without `before` it is new, without `after` it goes away. */
export interface FieldChange {
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The fields in which two registrations differ, those of the new one first. */
export function fieldChanges(before: RegistrationFields, after: RegistrationFields): FieldChange[] {
  const fields = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return fields
    .filter((field) => !isDeepStrictEqual(before[field], after[field]))
    .map((field) => ({
      field,
      ...(field in before ? { before: before[field] } : {}),
      ...(field in after ? { after: after[field] } : {}),
    }));
}

/** Changes as lines that begin with `-` and `+`, as in a patch. */
export function changeLines(changes: readonly FieldChange[]): string[] {
  return changes.flatMap((change) => [
    ...('before' in change ? [`  - ${change.field}: ${JSON.stringify(change.before)}`] : []),
    ...('after' in change ? [`  + ${change.field}: ${JSON.stringify(change.after)}`] : []),
  ]);
}
