import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';
import { type BuildResult, build } from 'esbuild';

/** What the deployed package consists of; `functions.cjs.LEGAL.txt` holds the licences of what is bundled. */
export const packageFiles = [
  'functions.cjs',
  'functions.cjs.LEGAL.txt',
  'host.json',
  'package.json',
] as const;

/** The worker provides it; there is no package of that name. */
const coreModule = '@azure/functions-core';

/** Optional packages that bundled code asks for, at run time, only where it can do without. */
const optionalPackages = ['supports-color', 'kerberos', '@opentelemetry/instrumentation'];

export interface PackageOptions {
  /** Holds `functions/*.ts`, `host.json` and `package.json`. */
  readonly root: string;
  /** Emptied first. */
  readonly outDirectory: string;
}

/**
 * Makes the deployable package: all function files as one CommonJS bundle, `host.json`, and a `package.json` whose
 * `main` is the bundle. Throws when anything else would be in the package, or the bundle would need more.
 */
export async function makePackage({ root, outDirectory }: PackageOptions): Promise<void> {
  await rm(outDirectory, { recursive: true, force: true });
  await mkdir(outDirectory, { recursive: true });
  const entryPoints = await functionFiles(root);
  checkBundle(await bundle(root, entryPoints, join(outDirectory, 'functions.cjs')));
  await copyFile(join(root, 'host.json'), join(outDirectory, 'host.json'));
  await writeFile(join(outDirectory, 'package.json'), await productionPackageJson(root));
  await checkFiles(outDirectory);
}

async function functionFiles(root: string): Promise<string[]> {
  const names = (await readdir(join(root, 'functions'))).filter((name) => name.endsWith('.ts')).sort();
  if (names.length === 0) throw new Error(`no function files in ${join(root, 'functions')}`);
  return names.map((name) => `./functions/${name}`);
}

/**
 * CommonJS, because ES module bundles of these packages break on `__dirname`; from the packages' ES modules where
 * they have them, because those load faster. Only white space is taken out, which loads faster still: stack traces are
 * read by people and keep their names.
 * A package that the code imports with `await import()` is part of the file but runs only when that line does.
 */
function bundle(root: string, entryPoints: readonly string[], outfile: string): Promise<BuildResult> {
  return build({
    stdin: { contents: entryPoints.map((path) => `import '${path}';`).join('\n'), resolveDir: root },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    external: [coreModule],
    minifyWhitespace: true,
    legalComments: 'external',
    sourcemap: false,
    metafile: true,
    absWorkingDir: root,
    logLevel: 'silent',
  });
}

/** Nothing but the worker's module may be missing from the bundle, nor may the local environment be in it. */
function checkBundle({ metafile, warnings }: BuildResult): void {
  const texts = warnings.map(({ text, location }) => `${text} (${location?.file}:${location?.line})`);
  if (texts.length > 0) throw new Error(`bundling warns:\n${texts.join('\n')}`);
  const { inputs = {}, outputs = {} } = metafile ?? {};
  const local = Object.keys(inputs).filter((path) => path.startsWith('src/local/'));
  if (local.length > 0) throw new Error(`the bundle contains the local environment: ${local.join(', ')}`);
  const known = [coreModule, ...optionalPackages];
  const missing = Object.values(outputs)
    .flatMap(({ imports }) => imports.map(({ path }) => path))
    .filter((path) => !isBuiltin(path) && !known.includes(path));
  if (missing.length > 0) throw new Error(`the bundle needs packages: ${[...new Set(missing)].join(', ')}`);
}

async function productionPackageJson(root: string): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return `${JSON.stringify({ name, version, private: true, main: 'functions.cjs', engines: { node: '24.x' } }, null, 2)}\n`;
}

async function checkFiles(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.map(({ parentPath, name }) => relative(directory, join(parentPath, name)));
  const found = paths.map((path) => path.replaceAll(sep, '/')).sort();
  if (JSON.stringify(found) !== JSON.stringify(packageFiles)) {
    throw new Error(`the package should hold ${packageFiles.join(', ')} but holds ${found.join(', ')}`);
  }
}
