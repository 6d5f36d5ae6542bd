import { buildAccounts } from '../../accounts/account.ts';
import type { RegistrationFields } from '../../accounts/registration.ts';
import type { Tags } from '../../accounts/secret.ts';
import { checkFields, checkId, readRegistration, writeRegistration } from '../accounts.ts';
import { changeLines, type FieldChange, fieldChanges } from '../diff.ts';
import { isObject, readJson } from '../input-file.ts';
import { withProgress } from '../progress.ts';
import { confirmed } from '../prompts.ts';
import { exitCodes, type Result, usageError } from '../result.ts';
import type { CommonOptions, Session } from '../session.ts';

/** A registration as the vault has it, or why it could not be had. */
type Present =
  | { readonly kind: 'registered'; readonly fields: RegistrationFields; readonly tags: Tags }
  | { readonly kind: 'invalid'; readonly fault: string; readonly tags: Tags }
  | { readonly kind: 'paused' };

async function readPresent(session: Session, id: string): Promise<Present> {
  const read = await readRegistration(session, id);
  if (read === undefined) return { kind: 'paused' };
  const { tags } = read;
  return read.ok
    ? { kind: 'registered', fields: read.fields, tags }
    : { kind: 'invalid', fault: read.fault, tags };
}

/** Every registration in the vault, by id; a few at a time. */
async function readAll(session: Session): Promise<Map<string, Present>> {
  const listed = await session.list();
  const accounts = buildAccounts(listed.credentials, listed.tokens);
  const ids = accounts.flatMap(({ id, registration }) => (registration === undefined ? [] : [id]));
  const present = new Map<string, Present>();
  const read = async (): Promise<void> => {
    for (let id = ids.shift(); id !== undefined; id = ids.shift())
      present.set(id, await readPresent(session, id));
  };
  const reading = Promise.all(Array.from({ length: 8 }, read));
  await withProgress(session.terminal, 'Reading the registrations', reading);
  return new Map([...present].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Prints every registration that can be read; what is left out is told beside it. */
export async function exportAccounts(session: Session): Promise<Result> {
  const present = await readAll(session);
  const accounts: Record<string, RegistrationFields> = {};
  let left = 0;
  for (const [id, entry] of present) {
    if (entry.kind === 'registered') accounts[id] = entry.fields;
    else {
      left += 1;
      const why =
        entry.kind === 'paused'
          ? 'it is paused, and Key Vault gives no value of a disabled secret'
          : `it cannot be used: ${entry.fault}`;
      session.terminal.tell(`Left out "${id}": ${why}.`);
    }
  }
  const json = { accounts };
  return {
    exitCode: left === 0 ? exitCodes.fine : exitCodes.needsHuman,
    json,
    text: JSON.stringify(json, undefined, 2),
  };
}

export interface ImportOptions extends CommonOptions {
  readonly file: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

type Checked = ReturnType<typeof checkFields>;

/** The document's registrations, all of them good. @throws CommandError */
async function readDocument(session: Session, path: string): Promise<Map<string, Checked>> {
  const json = await readJson(session.terminal, path);
  const accounts = isObject(json) ? json['accounts'] : undefined;
  const others = isObject(json) ? Object.keys(json).filter((name) => name !== 'accounts') : [];
  if (!isObject(accounts) || others.length > 0)
    throw usageError('This is no document of registrations.', 'It must be {"accounts": {"<id>": {…}}}.');
  const checked = new Map<string, Checked>();
  for (const [id, fields] of Object.entries(accounts)) {
    checkId(id);
    checked.set(id, checkFields(session, id, isObject(fields) ? fields : {}));
  }
  return checked;
}

interface Difference {
  readonly account: string;
  readonly kind: 'add' | 'change' | 'same' | 'paused';
  readonly changes: readonly FieldChange[];
}

function difference(account: string, { fields }: Checked, present: Present | undefined): Difference {
  if (present === undefined) return { account, kind: 'add', changes: fieldChanges({}, fields) };
  if (present.kind === 'paused') return { account, kind: 'paused', changes: [] };
  const changes = fieldChanges(present.kind === 'registered' ? present.fields : {}, fields);
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

function onlyInVault(present: ReadonlyMap<string, Present>, wanted: ReadonlyMap<string, Checked>): string[] {
  return [...present.keys()].filter((id) => !wanted.has(id));
}

async function apply(
  session: Session,
  wanted: ReadonlyMap<string, Checked>,
  present: ReadonlyMap<string, Present>,
  differences: readonly Difference[],
): Promise<void> {
  for (const { account } of differences) {
    const checked = wanted.get(account);
    const before = present.get(account);
    const tags = before === undefined || before.kind === 'paused' ? {} : before.tags;
    if (checked !== undefined) await writeRegistration(session, account, checked, tags);
  }
}

/** Makes the registrations what a document says; one that it does not name stays. */
export async function importAccounts(session: Session, options: ImportOptions): Promise<Result> {
  const wanted = await readDocument(session, options.file);
  const present = await readAll(session);
  const differences = [...wanted].map(([id, checked]) => difference(id, checked, present.get(id)));
  const toWrite = differences.filter(({ kind }) => kind === 'add' || kind === 'change');
  const paused = differences.some(({ kind }) => kind === 'paused');
  const others = onlyInVault(present, wanted);
  const told = [
    ...differences.flatMap(differenceLines),
    ...(others.length === 0 ? [] : [`Not in the document, left as they are: ${others.join(', ')}`]),
  ];
  const asks = !options.dryRun && toWrite.length > 0;
  if (asks && !options.yes && told.length > 0) session.terminal.tell(told.join('\n'));
  const writes =
    asks && (await confirmed(session.terminal, `Write ${toWrite.length} registrations?`, options.yes));
  if (writes) {
    const writing = apply(session, wanted, present, toWrite);
    await withProgress(session.terminal, 'Writing the registrations', writing);
  }
  const summary = writes ? `${toWrite.length} written.` : `${toWrite.length} to write, nothing written.`;
  return {
    exitCode: (toWrite.length > 0 && !writes) || paused ? exitCodes.needsHuman : exitCodes.fine,
    json: { written: writes, differences, onlyInVault: others },
    text: [...told, summary].join('\n'),
  };
}
