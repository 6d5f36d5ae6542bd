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
import { cappedExpiry, type Tags } from '../accounts/secret.ts';
import { defaultAuthority, parseAuthority } from '../oauth/authority.ts';
import { Sensitive } from '../sensitive.ts';
import { nowSeconds } from '../time.ts';
import { readIfEnabled } from '../vault/secret-vault.ts';
import { CommandError, exitCodes, usageError } from './result.ts';
import type { Session } from './session.ts';
import { writeSecret } from './vault-writes.ts';

export const registrationContentType = 'application/vnd.token-refresher.account+json';

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
  const listed = await session.list();
  const account = buildAccounts(listed.credentials, listed.tokens).find((other) => other.id === id);
  if (account !== undefined) return account;
  throw usageError(`There is no account "${id}".`, 'See the ids with: account list.');
}

/** The registration as the vault has it; undefined for one that is disabled or not there. */
export async function readRegistration(
  session: Session,
  id: string,
): Promise<(RegistrationFieldsResult & { readonly tags: Tags }) | undefined> {
  const { vault } = session.environment.credentials;
  const stored = await readIfEnabled(() => vault.get(secretName('registration', id)));
  return stored && { ...readRegistrationFields(stored.value), tags: stored.tags };
}

/**
 * Fields that a sweep will be able to use, its authority included.
 *
 * @throws CommandError with every fault
 */
export function checkFields(session: Session, id: string, fields: RegistrationFields) {
  const checked = checkRegistrationFields(fields);
  const { additionalAuthorityHosts: additionalHosts, allowLoopback } = session.config;
  const authority = (checked.ok && checked.registration.authority) || defaultAuthority;
  const trusted = parseAuthority(authority, { additionalHosts, allowLoopback });
  const fault = checked.ok ? (trusted.kind === 'fault' ? trusted.message : undefined) : checked.fault;
  if (checked.ok && fault === undefined) return checked;
  throw usageError(
    `The registration of "${id}" cannot be used: ${fault}.`,
    'Correct it; nothing was written.',
  );
}

/** Writes a registration as a new version; foreign tags stay, a remembered failure goes. */
export async function writeRegistration(
  { environment }: Session,
  id: string,
  checked: Extract<RegistrationFieldsResult, { ok: true }>,
  present: Tags,
): Promise<void> {
  const value = new Sensitive(`${JSON.stringify(checked.fields, undefined, 2)}\n`);
  await writeSecret(environment.credentials, environment.clock, secretName('registration', id), {
    value,
    contentType: registrationContentType,
    tags: registrationTags(tagsForNewRegistration(present), summarize(id, checked.registration), undefined),
    expiresAt: cappedExpiry(nowSeconds(environment.clock), environment.policy.secretExpirySeconds),
  });
}

/** Why a registration that is needed could not be read. */
export const pausedError = (id: string): CommandError =>
  new CommandError(
    exitCodes.needsHuman,
    'paused',
    `The account "${id}" is paused, and Key Vault gives no value of a disabled secret.`,
    `Enable it first: account resume ${id}.`,
  );
