import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { FileFault } from '../../local/file-fault.ts';
import { checkQuery } from '../../local/monitor/kusto/check-query.ts';

export const workbookFile = 'infra/workbook/workbook.json';

/** The item types that the workbook may use (Azure Monitor workbooks: serializedData). */
const itemTypes = { text: 1, query: 3, parameters: 9, group: 12 } as const;

const parameterSchema = z.looseObject({
  id: z.guid(),
  name: z.string().regex(/^\w+$/),
  query: z.string().optional(),
});
const itemSchema = z.looseObject({
  name: z.string().min(1),
  type: z.union(Object.values(itemTypes).map((type) => z.literal(type))),
  conditionalVisibility: z.looseObject({ parameterName: z.string() }).optional(),
  content: z.looseObject({
    query: z.string().optional(),
    timeContextFromParameter: z.string().optional(),
    parameters: z.array(parameterSchema).optional(),
    items: z.array(z.unknown()).optional(),
  }),
});
const workbookSchema = z.looseObject({ version: z.literal('Notebook/1.0'), items: z.array(z.unknown()) });

type Item = z.infer<typeof itemSchema>;

const fault = (rule: string, message: string): FileFault => ({ file: workbookFile, rule, message });

/** All items, those within groups too; what is none becomes a fault. */
function readItems(raw: readonly unknown[], faults: FileFault[]): Item[] {
  return raw.flatMap((each, index) => {
    const parsed = itemSchema.safeParse(each);
    if (!parsed.success) {
      faults.push(fault('workbook-item', `item ${index + 1}: ${z.prettifyError(parsed.error)}`));
      return [];
    }
    return [parsed.data, ...readItems(parsed.data.content.items ?? [], faults)];
  });
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

interface NamedQuery {
  readonly name: string;
  readonly query: string;
}

function queriesOf(items: readonly Item[]): NamedQuery[] {
  return items.flatMap(({ name, content }) => [
    ...(content.query === undefined ? [] : [{ name, query: content.query }]),
    ...(content.parameters ?? []).flatMap((parameter) =>
      parameter.query === undefined ? [] : [{ name: `parameter ${parameter.name}`, query: parameter.query }],
    ),
  ]);
}

/** Names that must be declared parameters: of the time range, of conditions; those in queries are found there. */
function referenced({ conditionalVisibility, content }: Item): string[] {
  return [conditionalVisibility?.parameterName, content.timeContextFromParameter].filter(
    (name) => name !== undefined,
  );
}

/**
 * Holds the workbook against what the portal needs: known items with names of their own, declared parameters, and
 * queries that fit the tables and the event contract.
 */
export function checkWorkbook(text: string): { readonly queries: number; readonly faults: FileFault[] } {
  const faults: FileFault[] = [];
  const workbook = workbookSchema.safeParse(JSON.parse(text));
  if (!workbook.success) return { queries: 0, faults: [fault('workbook', z.prettifyError(workbook.error))] };
  const items = readItems(workbook.data.items, faults);
  const parameters = items.flatMap(({ content }) => content.parameters ?? []);
  const declared = new Set(parameters.map(({ name }) => name));
  const names = [...items.map(({ name }) => name), ...parameters.map(({ name }) => name)];
  for (const name of repeated([...names, ...parameters.map(({ id }) => id)]))
    faults.push(fault('workbook-name', `"${name}" is given twice: give each item and parameter its own`));
  for (const item of items) {
    for (const name of referenced(item).filter((each) => !declared.has(each)))
      faults.push(fault('workbook-parameter', `${item.name}: the parameter "${name}" is not declared`));
  }
  const values = Object.fromEntries([...declared].map((name) => [name, 'sample']));
  const queries = queriesOf(items);
  for (const { name, query } of queries) {
    for (const { code, message, line } of checkQuery(query, { kind: 'workbook', parameters: values }))
      faults.push(fault(code, `${name}, line ${line} of its query: ${message}`));
  }
  return { queries: queries.length, faults };
}

/** {@link checkWorkbook} of the file. */
export function checkWorkbookFile(root: string): { readonly queries: number; readonly faults: FileFault[] } {
  return checkWorkbook(readFileSync(join(root, workbookFile), 'utf8'));
}
