import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import type { FileFault } from '../file-fault.ts';

/** The durations that scheduledQueryRules 2023-12-01 takes, shortest first. */
const frequencies = ['PT1M', 'PT5M', 'PT10M', 'PT15M', 'PT30M', 'PT45M']
  .concat(['PT1H', 'PT2H', 'PT3H', 'PT4H', 'PT5H', 'PT6H'])
  .concat('P1D');
const windows = [...frequencies, 'P2D'];

/** Beyond 12 hours Azure Monitor resolves nothing by itself. */
const mostStateful = 'PT6H';

/** One rule of `infra/alerts/rules.json`, which Bicep reads as well. */
const rule = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*[a-z0-9]$/, 'must be lower-case words joined by hyphens'),
  title: z.string().min(1),
  description: z.string().min(1),
  severity: z.union([z.literal(1), z.literal(2), z.literal(3)], 'must be 1, 2 or 3'),
  evaluationFrequency: z.enum(frequencies, `must be one of ${frequencies.join(', ')}`),
  windowSize: z.enum(windows, `must be one of ${windows.join(', ')}`),
  dimensions: z.array(z.string()).max(6, 'must be at most 6: Azure Monitor splits by no more'),
  measure: z.string().optional(),
  operator: z.enum(['Equals', 'GreaterThan', 'GreaterThanOrEqual', 'LessThan', 'LessThanOrEqual']),
  threshold: z.number(),
  stateful: z.boolean(),
});

export type AlertRule = z.infer<typeof rule>;

/** A rule and the query that is deployed with it, but for the status page's address. */
export interface RuleWithQuery extends AlertRule {
  readonly query: string;
  readonly queryFile: string;
  /** How many of the query's lines are the prelude's. */
  readonly preludeLines: number;
}

const rulesFile = 'infra/alerts/rules.json';
const folder = 'infra/alerts';
const preludeName = 'prelude';

/** What Bicep and the tests put the status page's address in place of. */
export const statusPagePlaceholder = '{statusPage}';

/** The line of the rule's name, from 1. */
function ruleLine(text: string, name: string): number | undefined {
  const at = text.indexOf(`"name": ${JSON.stringify(name)}`);
  return at < 0 ? undefined : text.slice(0, at).split('\n').length;
}

/** What a rule says that no schema of one member can see. */
function relations(each: AlertRule): string[] {
  const { name } = each;
  const faults: string[] = [];
  if (each.stateful && frequencies.indexOf(each.evaluationFrequency) > frequencies.indexOf(mostStateful)) {
    faults.push(
      `"${name}" is stateful and evaluated every ${each.evaluationFrequency}, and Azure Monitor keeps no state above 12 hours: make it stateful: false, or evaluate more often`,
    );
  }
  if (windows.indexOf(each.windowSize) < windows.indexOf(each.evaluationFrequency)) {
    faults.push(
      `"${name}" looks back ${each.windowSize} only every ${each.evaluationFrequency}: what is between is missed`,
    );
  }
  if (new Set(each.dimensions).size < each.dimensions.length) faults.push(`"${name}" has a dimension twice`);
  return faults;
}

interface LoadedRules {
  readonly rules: readonly RuleWithQuery[];
  readonly faults: readonly FileFault[];
}

const named = z.object({ name: z.string() });

/** Reads the alert rules with their queries, and says what is wrong with them by themselves. */
export function loadRules(root: string): LoadedRules {
  const text = readFileSync(join(root, rulesFile), 'utf8');
  const entries = z.array(z.unknown()).parse(JSON.parse(text));
  const names = entries.map((each) => named.safeParse(each).data?.name ?? '');
  const faults: FileFault[] = [];
  const rules = entries.flatMap((entry, i): RuleWithQuery[] => {
    const name = names[i] ?? '';
    const parsed = rule.safeParse(entry);
    const found = parsed.success ? relations(parsed.data) : schemaFaults(name, parsed.error);
    if (!existsSync(join(root, queryPath(name))))
      found.push(`"${name}" has no query: write ${queryPath(name)}`);
    const line = ruleLine(text, name);
    const place = { file: rulesFile, ...(line === undefined ? {} : { line }), rule: 'alert-rule' };
    faults.push(...found.map((message) => ({ ...place, message })));
    return parsed.success && existsSync(join(root, queryPath(name))) ? [withQuery(root, parsed.data)] : [];
  });
  return { rules, faults: [...faults, ...fileFaults(root, names), ...runbookFaults(root, names)] };
}

const queryPath = (name: string): string => `${folder}/${name}.kql`;

function withQuery(root: string, parsed: AlertRule): RuleWithQuery {
  const prelude = readFileSync(join(root, queryPath(preludeName)), 'utf8');
  const queryFile = queryPath(parsed.name);
  const query = `${prelude}\n${readFileSync(join(root, queryFile), 'utf8')}`;
  return { ...parsed, query, queryFile, preludeLines: prelude.split('\n').length };
}

function schemaFaults(name: string, error: z.ZodError): string[] {
  return error.issues.map(({ path, message, ...issue }) => {
    const hint = 'keys' in issue && String(issue.keys).startsWith('mute') ? muted : '';
    return `${path.join('.') || 'the rule'} of "${name}": ${message}${hint}`;
  });
}

const muted =
  ': a stateful rule cannot be muted (autoMitigate excludes muteActionsDuration), and no rule here is';

function fileFaults(root: string, names: readonly string[]): FileFault[] {
  const twice = names.filter((name, i) => names.indexOf(name) < i);
  const unused = globSync('*.kql', { cwd: join(root, folder) })
    .map((file) => basename(file, '.kql'))
    .filter((name) => name !== preludeName && !names.includes(name));
  return [
    ...twice.map((name) => ({ file: rulesFile, rule: 'alert-rule', message: `"${name}" is there twice` })),
    ...unused.map((name) => ({
      file: queryPath(name),
      rule: 'alert-rule',
      message: `no rule of ${rulesFile} has this query: add the rule, or delete the file`,
    })),
  ];
}

const runbook = 'docs/runbook.md';

/** Each alert links to the runbook's section of the rule's name. */
function runbookFaults(root: string, names: readonly string[]): FileFault[] {
  if (!existsSync(join(root, runbook))) {
    return [
      { file: runbook, rule: 'alert-runbook', message: 'is missing: every alert links to a section of it' },
    ];
  }
  const anchors = runbookAnchors(root);
  return names
    .filter((name) => !anchors.has(name))
    .map((name) => ({
      file: runbook,
      rule: 'alert-runbook',
      message: `has no section "${name}", which the alert links to`,
    }));
}

/** The anchors of the runbook's sections; none when there is no runbook. */
export function runbookAnchors(root: string): ReadonlySet<string> {
  const path = join(root, runbook);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return new Set([...text.matchAll(/^#+ +(.+?) *$/gm)].map(([, title = '']) => anchorOf(title)));
}

/** As GitHub makes the anchor of a heading. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
