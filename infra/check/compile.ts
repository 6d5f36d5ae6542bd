import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { FileFault } from '../../local/file-fault.ts';
import type { Value } from './arm/value.ts';
import { type BicepCli, compilerEnvironment } from './bicep-cli.ts';
import { mainFile } from './bicep-source.ts';

interface CompilerOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Parameter files can read the environment: the result must not depend on who builds. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, SystemRoot, USERPROFILE, TEMP } = process.env;
  return compilerEnvironment({ PATH, HOME, TMPDIR, SystemRoot, USERPROFILE, TEMP });
}

/** Runs the compiler; it ends with 1 when it has told of errors. */
function runBicep(cli: BicepCli, directory: string, ...options: readonly string[]): Promise<CompilerOutput> {
  const settings = { cwd: directory, env: cleanEnvironment(), maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    execFile(cli.path, options, settings, (error, stdout, stderr) => {
      if (error === null || error.code === 1) resolve({ stdout, stderr });
      else reject(new Error(`${cli.path} ${options.join(' ')} failed: ${stderr || error.message}`));
    });
  });
}

const sarif = z.object({
  runs: z.array(
    z.object({
      results: z.array(
        z.object({
          ruleId: z.string(),
          level: z.string().default('warning'),
          message: z.object({ text: z.string() }),
          locations: z.array(
            z.object({
              physicalLocation: z.object({
                artifactLocation: z.object({ uri: z.string() }),
                region: z.object({ startLine: z.number() }),
              }),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** The compiler's errors and warnings. @throws when it says something else, which it does when it cannot start */
function diagnostics(root: string, text: string): FileFault[] {
  if (!text.startsWith('{')) throw new Error(`the Bicep compiler does not say what it found: ${text.trim()}`);
  return sarif
    .parse(JSON.parse(text))
    .runs.flatMap(({ results }) => results)
    .filter(({ level }) => level !== 'note')
    .map(({ ruleId, message, locations }) => {
      const { artifactLocation, region } = locations[0]?.physicalLocation ?? {};
      const path = artifactLocation === undefined ? root : fileURLToPath(artifactLocation.uri);
      const line = region?.startLine;
      return {
        file: relative(root, path).replaceAll('\\', '/'),
        ...(line === undefined ? {} : { line }),
        rule: ruleId,
        message: message.text,
      };
    });
}

const asSarif = ['--no-restore', '--diagnostics-format', 'sarif'];

/** The compiler's errors and warnings for one Bicep file and what it uses. */
export async function lint(cli: BicepCli, root: string, file: string): Promise<FileFault[]> {
  const { stdout } = await runBicep(cli, root, 'lint', file, ...asSarif);
  return diagnostics(root, stdout);
}

/** The compiled main template as the compiler writes it, with all errors and warnings; no template where it has errors. */
export async function buildMain(cli: BicepCli, root: string): Promise<Built> {
  const { stdout, stderr } = await runBicep(cli, root, 'build', mainFile, '--stdout', ...asSarif);
  return { faults: diagnostics(root, stderr), ...(stdout === '' ? {} : { template: stdout }) };
}

interface Built {
  readonly faults: readonly FileFault[];
  /** The compiled template, as text. */
  readonly template?: string;
}

interface BuiltParameters extends Built {
  readonly values: Readonly<Record<string, Value>>;
}

/** Builds a parameter file, with none of its environment variables set, and the template that it is for. */
export async function buildParameters(cli: BicepCli, root: string, file: string): Promise<BuiltParameters> {
  const { stdout, stderr } = await runBicep(cli, root, 'build-params', file, '--stdout', ...asSarif);
  const faults = diagnostics(root, stderr);
  if (stdout === '') return { faults, values: {} };
  const { parametersJson, templateJson } = JSON.parse(stdout) as Record<string, string>;
  const { parameters } = JSON.parse(parametersJson ?? '') as { parameters: Record<string, { value: Value }> };
  const values = Object.entries(parameters).map(([name, { value }]) => [name, value]);
  return { faults, template: templateJson ?? '', values: Object.fromEntries(values) };
}

/** Faults at files that the compiler would lay out differently; `bicep format` mends them. */
export async function checkFormat(
  cli: BicepCli,
  root: string,
  files: readonly string[],
): Promise<FileFault[]> {
  const directory = await mkdtemp(join(tmpdir(), 'bicep-format-'));
  try {
    await cp(join(root, 'infra'), join(directory, 'infra'), { recursive: true });
    for (const end of new Set(files.map((file) => file.split('.').at(-1)))) {
      await runBicep(cli, directory, 'format', '--pattern', `infra/**/*.${end}`);
    }
    const found = await Promise.all(
      files.map(async (file) => {
        const [is, should] = await Promise.all(
          [root, directory].map((base) => readFile(join(base, file), 'utf8')),
        );
        return is === should ? [] : [formatFault(file, is ?? '', should ?? '')];
      }),
    );
    return found.flat();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function formatFault(file: string, is: string, should: string): FileFault {
  const wanted = should.split('\n');
  const line = is.split('\n').findIndex((text, i) => text !== wanted[i]) + 1;
  return {
    file,
    line: line || 1,
    rule: 'format',
    message: `is laid out differently: run bicep format ${file}`,
  };
}
