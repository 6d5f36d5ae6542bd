import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';
import { type BuildOptions, type BuildResult, build } from 'esbuild';
import { billOfMaterials, type LockFile } from './bill-of-materials.ts';

/** Where the command line lies in the package. */
export const commandLineFile = 'bin/token-refresher.cjs';

/** The SHA-256 of every other file, as `sha256sum -c` reads them. */
export const checksumsFile = 'SHA256SUMS';
/** Which packages are bundled, in CycloneDX. */
export const billOfMaterialsFile = 'sbom.cdx.json';

/** What the deployed package consists of; the files `….LEGAL.txt` hold the licences of what is bundled. */
export const packageFiles = [
  checksumsFile,
  commandLineFile,
  `${commandLineFile}.LEGAL.txt`,
  'functions.cjs',
  'functions.cjs.LEGAL.txt',
  'host.json',
  'package.json',
  billOfMaterialsFile,
] as const;

/** The worker provides it; there is no package of that name. */
const coreModule = '@azure/functions-core';

/** Optional packages that bundled code asks for, at run time, only where it can do without. */
const optionalPackages = ['supports-color', 'kerberos', '@opentelemetry/instrumentation'];

export interface PackageOptions {
  /** Holds `functions/*.ts`, `bin/packaged.ts`, `host.json`, `package.json` and `package-lock.json`. */
  readonly root: string;
  /** Emptied first. */
  readonly outDirectory: string;
}

/**
 * Makes the deployable package: all function files as one CommonJS bundle, the command line as another, `host.json`,
 * a `package.json` whose `main` is the first and whose `bin` is the second, the bill of materials and checksums. Throws when anything else would be in the package, or the bundle would need more.
 */
export async function makePackage({ root, outDirectory }: PackageOptions): Promise<void> {
  await rm(outDirectory, { recursive: true, force: true });
  await mkdir(outDirectory, { recursive: true });
  const entryPoints = await functionFiles(root);
  const functions = await bundle(root, entryPoints, { outfile: join(outDirectory, 'functions.cjs') });
  const outfile = join(outDirectory, commandLineFile);
  const program = await bundle(root, ['./bin/packaged.ts'], { outfile, ...asProgram });
  for (const result of [functions, program]) checkBundle(result);
  await chmod(outfile, 0o755);
  await copyFile(join(root, 'host.json'), join(outDirectory, 'host.json'));
  await writeFile(join(outDirectory, 'package.json'), await productionPackageJson(root));
  const lock: LockFile = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const materials = billOfMaterials([functions, program].flatMap(bundledFiles), lock);
  await writeFile(join(outDirectory, billOfMaterialsFile), `${JSON.stringify(materials, null, 2)}\n`);
  await writeFile(join(outDirectory, checksumsFile), await checksums(outDirectory));
  await checkFiles(outDirectory);
}

/** Those of which something is left in the bundle. */
function bundledFiles({ metafile }: BuildResult): string[] {
  const contributions = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) =>
    Object.entries(inputs),
  );
  return contributions.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : []));
}

async function checksums(directory: string): Promise<string> {
  const lines = (await filesIn(directory)).map(async (file) => {
    const hash = createHash('sha256').update(await readFile(join(directory, file)));
    return `${hash.digest('hex')}  ${file}\n`;
  });
  return (await Promise.all(lines)).join('');
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
function bundle(
  root: string,
  entryPoints: readonly string[],
  output: Pick<BuildOptions, 'outfile' | 'banner' | 'define'>,
): Promise<BuildResult> {
  return build({
    stdin: { contents: entryPoints.map((path) => `import '${path}';`).join('\n'), resolveDir: root },
    ...output,
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
  const local = Object.keys(inputs).filter((path) => /^(local|lab|infra)\//.test(path));
  if (local.length > 0) throw new Error(`the bundle contains the local environment: ${local.join(', ')}`);
  const known = [coreModule, ...optionalPackages];
  const missing = Object.values(outputs)
    .flatMap(({ imports }) => imports.map(({ path }) => path))
    .filter((path) => !isBuiltin(path) && !known.includes(path));
  if (missing.length > 0) throw new Error(`the bundle needs packages: ${[...new Set(missing)].join(', ')}`);
}

/** Said before anything is loaded that an older Node does not know. */
const checkVersion = `if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write('This needs Node 24 or newer, and is run by ' + process.version + '.\\n');
  process.exit(2);
}`;

/** A program for the shell; its packages ask where they lie, which CommonJS says in another way. */
const asProgram = {
  banner: {
    js: `#!/usr/bin/env node
${checkVersion}
const moduleUrl = require('node:url').pathToFileURL(__filename).href;`,
  },
  define: { 'import.meta.url': 'moduleUrl' },
};

async function productionPackageJson(root: string): Promise<string> {
  const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const bin = { 'token-refresher': commandLineFile };
  const engines = { node: '24.x' };
  return `${JSON.stringify({ name, version, private: true, main: 'functions.cjs', bin, engines }, null, 2)}\n`;
}

/** With slashes on every system, in the order of their names. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(directory, join(parentPath, name)));
  return paths.map((path) => path.replaceAll(sep, '/')).sort();
}

async function checkFiles(directory: string): Promise<void> {
  const found = await filesIn(directory);
  if (JSON.stringify(found) !== JSON.stringify(packageFiles)) {
    throw new Error(`the package should hold ${packageFiles.join(', ')} but holds ${found.join(', ')}`);
  }
}
