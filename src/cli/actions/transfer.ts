import { buildAccounts } from '../../accounts/account.ts';
import type { RegistrationFields } from '../../accounts/registration.ts';
import { isJsonObject } from '../../json.ts';
import { confirmed, readJson } from '../input.ts';
import { aFewAtATime, withProgress } from '../progress.ts';
import {
  type CheckedFields,
  changeLines,
  checkFields,
  checkId,
  type FieldChange,
  fieldChanges,
  readRegistration,
  type StoredRegistration,
  writeRegistration,
} from '../registrations.ts';
import { type CommandResult, resultOf, usageError } from '../result.ts';
import type { CommonOptions, Session } from '../session.ts';

/** Every registration in the vault, by id, read a few at a time; undefined for those that are paused. */
async function readAll(session: Session): Promise<Map<string, StoredRegistration | undefined>> {
  const { credentials, tokens } = await session.list();
  const accounts = buildAccounts(credentials, tokens).filter(
    ({ registration }) => registration !== undefined,
  );
  const present = new Map<string, StoredRegistration | undefined>(accounts.map(({ id }) => [id, undefined]));
  const reading = aFewAtATime([...present.keys()], async (id) => {
    present.set(id, await readRegistration(session, id));
  });
  await withProgress(session.terminal, 'Reading the registrations', reading);
  return present;
}

/** Prints every registration that can be read; what is left out is told beside it. */
export async function exportAccounts(session: Session): Promise<CommandResult> {
  const accounts: Record<string, RegistrationFields> = {};
  let isWhole = true;
  for (const [id, read] of await readAll(session)) {
    if (read?.ok) accounts[id] = read.fields;
    else {
      isWhole = false;
      const why =
        read === undefined
          ? 'it is paused, and Key Vault gives no value of a disabled secret'
          : `it cannot be used: ${read.fault}`;
      session.terminal.tell(`Left out "${id}": ${why}.`);
    }
  }
  return resultOf(isWhole, { accounts }, JSON.stringify({ accounts }, undefined, 2));
}

interface ImportOptions extends CommonOptions {
  readonly file: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** The document's registrations, all of them good. @throws CommandError */
async function readDocument(session: Session, path: string): Promise<Map<string, CheckedFields>> {
  const json = await readJson(session.terminal, path);
  const { accounts, ...others } = isJsonObject(json) ? json : {};
  if (!isJsonObject(accounts) || Object.keys(others).length > 0)
    throw usageError('This is no document of registrations.', 'It must be {"accounts": {"<id>": {…}}}.');
  return new Map(
    Object.entries(accounts).map(([id, fields]) => {
      checkId(id);
      return [id, checkFields(session, id, isJsonObject(fields) ? fields : {})];
    }),
  );
}

interface Difference {
  readonly account: string;
  readonly kind: 'add' | 'change' | 'same' | 'paused';
  readonly changes: readonly FieldChange[];
}

type PresentRegistrations = ReadonlyMap<string, StoredRegistration | undefined>;

function difference(account: string, { fields }: CheckedFields, present: PresentRegistrations): Difference {
  const read = present.get(account);
  if (!present.has(account)) return { account, kind: 'add', changes: fieldChanges({}, fields) };
  if (read === undefined) return { account, kind: 'paused', changes: [] };
  const changes = fieldChanges(read.ok ? read.fields : {}, fields);
  return { account, kind: changes.length === 0 ? 'same' : 'change', changes };
}

const heads = {
  add: 'is new',
  change: 'changes',
  paused: 'is paused and stays as it is: resume it first',
} as const;

function differenceLines({ account, kind, changes }: Difference): string[] {
  return kind === 'same' ? [] : [`"${account}" ${heads[kind]}`, ...changeLines(changes)];
}

async function writeAll(
  session: Session,
  wanted: ReadonlyMap<string, CheckedFields>,
  present: PresentRegistrations,
  differences: readonly Difference[],
): Promise<void> {
  for (const { account } of differences) {
    const checked = wanted.get(account);
    const { tags } = present.get(account) ?? { tags: {} };
    if (checked !== undefined) await writeRegistration(session, account, checked, tags);
  }
}

/** Makes the registrations what a document says; one that it does not name stays. */
export async function importAccounts(session: Session, options: ImportOptions): Promise<CommandResult> {
  const wanted = await readDocument(session, options.file);
  const present = await readAll(session);
  const differences = [...wanted].map(([id, checked]) => difference(id, checked, present));
  const toWrite = differences.filter(({ kind }) => kind === 'add' || kind === 'change');
  const paused = differences.some(({ kind }) => kind === 'paused');
  const others = [...present.keys()].filter((id) => !wanted.has(id));
  const told = [
    ...differences.flatMap(differenceLines),
    ...(others.length === 0 ? [] : [`Not in the document, left as they are: ${others.join(', ')}`]),
  ];
  const asks = !options.dryRun && toWrite.length > 0;
  if (asks && !options.yes && told.length > 0) session.terminal.tell(told.join('\n'));
  const writes =
    asks && (await confirmed(session.terminal, `Write ${toWrite.length} registrations?`, options.yes));
  if (writes) {
    const writing = writeAll(session, wanted, present, toWrite);
    await withProgress(session.terminal, 'Writing the registrations', writing);
  }
  const summary = writes ? `${toWrite.length} written.` : `${toWrite.length} to write, nothing written.`;
  const json = { written: writes, differences, onlyInVault: others };
  const isDone = writes || toWrite.length === 0;
  return resultOf(isDone && !paused, json, [...told, summary].join('\n'));
}
