import { secretName } from '../../accounts/account-id.ts';
import { sameUser } from '../../accounts/entra-ids.ts';
import { grantIdOf } from '../../accounts/refresh-token-secret.ts';
import type { Registration, RegistrationFields } from '../../accounts/registration.ts';
import { notingEnd } from '../../accounts/registration-summary.ts';
import type { Tags } from '../../accounts/secret.ts';
import { askCredential, storeCredential } from '../credential-input.ts';
import { askMissing, fieldsOf, fieldsOfFile } from '../field-input.ts';
import type { FieldOptions } from '../field-options.ts';
import {
  changeLines,
  checkFields,
  checkId,
  fieldChanges,
  findAccount,
  noAccount,
  readRegistration,
  writeRegistration,
} from '../registrations.ts';
import { CommandError, type CommandResult, exitCodes, fine, usageError } from '../result.ts';
import type { AccountOptions, Session } from '../session.ts';
import { consentOffer, offerLines } from './consent.ts';

interface AddOptions extends AccountOptions, FieldOptions {}

interface UpdateOptions extends AddOptions {
  readonly unset?: readonly string[] | undefined;
  readonly newUser: boolean;
}

async function isRegistered(session: Session, id: string): Promise<boolean> {
  checkId(id);
  const { credentials } = await session.list();
  return credentials.some(({ name }) => name.toLowerCase() === secretName('registration', id));
}

/** Registers an account and offers its consent link. */
export async function add(session: Session, options: AddOptions): Promise<CommandResult> {
  const { terminal } = session;
  const { account, dryRun } = options;
  if (await isRegistered(session, account))
    throw usageError(
      `There is an account "${account}" already.`,
      `Change it with: account update ${account}.`,
    );
  const given = fieldsOf(options, await fieldsOfFile(terminal, options.file));
  const fields = terminal.canAsk ? await askMissing(terminal, given) : given;
  const checked = checkFields(session, account, fields);
  const credential = await askCredential(session, options, checked.registration);
  if (!dryRun) {
    await storeCredential(session, credential);
    await writeRegistration(session, account, checked, {});
  }
  const offer = dryRun ? undefined : await consentOffer(session, account);
  const text = [
    dryRun ? `"${account}" would be registered:` : `"${account}" is registered:`,
    ...changeLines(fieldChanges({}, checked.fields)),
    ...(offer === undefined ? [] : offerLines(offer)),
  ];
  const json = { account, written: !dryRun, registration: checked.fields, consent: offer };
  return fine(json, text.join('\n'));
}

function withoutFields(fields: RegistrationFields, unset: readonly string[]): RegistrationFields {
  const unknown = unset.find((field) => !(field in fields));
  if (unknown !== undefined)
    throw usageError(`The registration has no "${unknown.slice(0, 80)}".`, 'See: account show.');
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !unset.includes(field)));
}

/** The registration as it is, which the changes are made to; a faulty one can only be replaced by a file. */
async function presentFields(session: Session, { account, file }: UpdateOptions) {
  const present = await readRegistration(session, account);
  if (present === undefined && !(await isRegistered(session, account))) throw noAccount(account);
  if (present === undefined)
    throw new CommandError(
      exitCodes.needsHuman,
      'paused',
      `The account "${account}" is paused, and Key Vault gives no value of a disabled secret.`,
      `Enable it first: account resume ${account}.`,
    );
  if (present.ok) return present;
  if (file !== undefined) return { ...present, fields: {} };
  throw usageError(
    `The registration of "${account}" cannot be used: ${present.fault}.`,
    'Replace the whole of it: account update --file.',
  );
}

/** The tags by which the pin ends with the next consent. @throws CommandError where that makes no difference */
async function endingPin(session: Session, id: string, { user }: Registration, tags: Tags): Promise<Tags> {
  const { refreshToken } = await findAccount(session, id);
  const pinned = refreshToken?.user;
  const grantId = pinned && grantIdOf(refreshToken);
  if (pinned === undefined || grantId === undefined)
    throw usageError(`No user is pinned to "${id}" yet.`, 'Leave out --new-user: the next consent decides.');
  if (user !== undefined && sameUser(user, pinned))
    throw usageError(
      `"user" in the registration of "${id}" names the pinned user.`,
      'Name the other one with --user-tenant and --user-object-id, or take it out with --unset user.',
    );
  return notingEnd(tags, grantId);
}

/** Changes a registration, its client's secret, or both. */
export async function update(session: Session, options: UpdateOptions): Promise<CommandResult> {
  const { account, dryRun, file, newUser } = options;
  checkId(account);
  const present = await presentFields(session, options);
  const base = file === undefined ? present.fields : await fieldsOfFile(session.terminal, file);
  const wanted = fieldsOf(options, withoutFields(base, options.unset ?? []));
  const checked = checkFields(session, account, wanted);
  const changes = fieldChanges(present.fields, checked.fields);
  const { registration } = checked;
  const tags = newUser ? await endingPin(session, account, registration, present.tags) : present.tags;
  const credential = await askCredential(session, options, registration);
  const isWritten = changes.length > 0 || newUser;
  if (!dryRun) {
    await storeCredential(session, credential);
    if (isWritten) await writeRegistration(session, account, checked, tags);
  }
  const ended = newUser ? [`The next consent ${dryRun ? 'could then' : 'may'} be another user's.`] : [];
  const stored = credential === undefined ? [] : [`"${credential.name}" has a new version.`];
  const head = !isWritten ? 'nothing changes' : dryRun ? 'would change' : 'changed';
  const text = [`"${account}": ${head}`, ...changeLines(changes), ...ended, ...stored].join('\n');
  const written = !dryRun && isWritten;
  return fine({ account, written, changes, newUser, credential: credential?.name }, text);
}
