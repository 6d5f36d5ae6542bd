/**
 * The room of checks: everything below `infra`, offline, before it is deployed.
 *
 * In: the Bicep files, the compiled template, alert rules, workbook and runbook. Out: faults with file and line, in
 * groups. With a compiler (`bicep-cli`) the template is built and compared, without one the last is taken; `arm`
 * works out what it deploys, `must-haves` says what must be true of that.
 */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileFault } from '../../local/file-fault.ts';
import { loadRules, runbookAnchors } from '../../local/monitor/alert-rules.ts';
import type { Scenario } from './arm/samples.ts';
import type { Template } from './arm/template.ts';
import type { Value } from './arm/value.ts';
import { type BicepCli, type FoundCli, findBicepCli } from './bicep-cli.ts';
import { declarationFaults, locator, mainFile, reachedFrom } from './bicep-source.ts';
import { checkSyntax } from './bicep-syntax.ts';
import { buildMain, buildParameters, checkFormat, lint } from './compile.ts';
import { checkDeployedRules } from './deployed-rules.ts';
import { checkTemplate, mustHaves } from './must-haves/check-template.ts';
import { checkQueries } from './queries.ts';
import { checkRunbookQueries } from './runbook-queries.ts';
import { settingsRead } from './settings.ts';
import { checkStale, compiledFile, madeBy } from './stale.ts';
import { checkWorkbookFile } from './workbook.ts';

/** One kind of check: what was looked at, and what is wrong. */
interface CheckGroup {
  readonly name: string;
  /** One line: what was looked at. */
  readonly summary: string;
  readonly faults: readonly FileFault[];
}

interface InfraReport {
  readonly groups: readonly CheckGroup[];
  /** One line, when there was no compiler. */
  readonly skipped?: string;
}

const parameterFile = 'infra/main.bicepparam';

const read = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');
const find = (root: string, pattern: string): string[] =>
  globSync(pattern, { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();

/** Where `npm run check:infra` keeps what it downloads; ignored by git. */
const cacheDirectory = (root: string): string => join(root, '.cache', 'bicep');

export function findCli(root: string, mayDownload: boolean): Promise<FoundCli> {
  return findBicepCli({ environment: process.env, cacheDirectory: cacheDirectory(root), mayDownload });
}

/** Checks everything below `infra` offline, with the compiler or, where there is none, as far as can be seen without. */
export async function checkInfra(root: string, found: FoundCli): Promise<InfraReport> {
  const committed = existsSync(join(root, compiledFile)) ? read(root, compiledFile) : undefined;
  if ('missing' in found) return checkWithout(root, committed, found.missing);
  const { groups, built, scenarios } = await compileAll(root, found.cli, committed);
  return { groups: [...groups, ...(built === undefined ? [] : compiledGroups(root, built, scenarios))] };
}

interface Compiled {
  readonly groups: readonly CheckGroup[];
  readonly built: string | undefined;
  readonly scenarios: readonly Scenario[];
}

/** Each run of the compiler takes seconds, so the template comes from the parameter file's build, which has it too. */
async function compileAll(root: string, cli: BicepCli, committed: string | undefined): Promise<Compiled> {
  const files = find(root, 'infra/**/*.bicep');
  const parameterFiles = find(root, 'infra/**/*.bicepparam');
  const reached = reachedFrom(root, mainFile);
  const [format, builds, others] = await Promise.all([
    checkFormat(cli, root, [...files, ...parameterFiles]),
    Promise.all(parameterFiles.map((file) => buildParameters(cli, root, file))),
    Promise.all(files.filter((file) => !reached.has(file)).map((file) => lint(cli, root, file))),
  ]);
  const main = builds[parameterFiles.indexOf(parameterFile)] ?? (await buildMain(cli, root));
  const compiler = `Bicep ${cli.version} from ${cli.from}`;
  const faults = [...builds, main].flatMap((build) => build.faults).concat(others.flat());
  const count = files.length + parameterFiles.length;
  const groups = [
    { name: 'compile and lint', summary: `${count} files, ${compiler}`, faults },
    { name: 'format', summary: `${count} files`, faults: format },
  ];
  const scenarios = builds.map(({ values }, i) => ({ name: parameterFiles[i] ?? '', parameters: values }));
  const { template: built } = main;
  if (built === undefined) return { groups, built, scenarios };
  const stale = checkStale(committed, built, cli.version);
  return {
    groups: [...groups, { name: compiledFile, summary: 'is what the Bicep files compile to', faults: stale }],
    built,
    scenarios,
  };
}

/** What can be seen without a compiler: syntax, and everything about the template that was compiled last. */
async function checkWithout(
  root: string,
  committed: string | undefined,
  missing: string,
): Promise<InfraReport> {
  const files = find(root, 'infra/**/*.{bicep,bicepparam}');
  const { faults, notParsed } = await checkSyntax(root, files);
  const unread = notParsed.length === 0 ? '' : `; not parsed: ${notParsed.join(', ')}`;
  const syntax = {
    name: 'syntax',
    summary: `${files.length - notParsed.length} Bicep files${unread}`,
    faults,
  };
  const skipped = `infra: compile skipped, there is no Bicep compiler (${missing})`;
  if (committed === undefined) {
    const fault = { file: compiledFile, rule: 'stale', message: 'is missing: run npm run build:infra' };
    return { groups: [syntax, { name: compiledFile, summary: '', faults: [fault] }], skipped };
  }
  const template = JSON.parse(committed) as Template;
  const declared = {
    name: compiledFile,
    summary: `has what the Bicep files declare, made by Bicep ${madeBy(template)}`,
    faults: declarationFaults(root, template),
  };
  return { groups: [syntax, declared, ...compiledGroups(root, committed, [])], skipped };
}

/** The checks of the compiled template and of the alert rules in it. */
function compiledGroups(root: string, compiled: string, scenarios: readonly Scenario[]): CheckGroup[] {
  const template = JSON.parse(compiled) as Template;
  const locate = locator(root, template);
  const host = JSON.parse(read(root, 'host.json')) as Value;
  const { faults, views } = checkTemplate({
    template,
    host,
    settingsRead: settingsRead(root),
    locate,
    scenarios,
  });
  const { rules, faults: ruleFaults } = loadRules(root);
  return [
    {
      name: 'must-haves',
      summary: `${mustHaves.length} over ${views[0]?.resources.length ?? 0} resources, with ${views.length} sets of parameters`,
      faults,
    },
    {
      name: 'alert rules',
      summary: `${rules.length} rules, their files and their runbook sections`,
      faults: ruleFaults,
    },
    {
      name: 'alert queries',
      summary: 'fit the tables, the events and what Azure Monitor allows',
      faults: checkQueries(rules),
    },
    {
      name: 'deployed alert rules',
      summary: 'say what rules.json and the queries say',
      faults: checkDeployedRules(rules, runbookAnchors(root), views, locate),
    },
    ...queryGroups(root),
  ];
}

/** The queries that people look at: the workbook's and the runbook's. */
function queryGroups(root: string): CheckGroup[] {
  const workbook = checkWorkbookFile(root);
  const runbook = checkRunbookQueries(root);
  return [
    { name: 'workbook', summary: `${workbook.queries} queries`, faults: workbook.faults },
    { name: 'runbook', summary: `${runbook.queries} queries`, faults: runbook.faults },
  ];
}
