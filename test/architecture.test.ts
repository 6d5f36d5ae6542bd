import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, test } from 'node:test';

/**
 * What the linter cannot say of the architecture. It holds the directions between rooms and their packages (biome.json,
 * an override a room); here stand effects, permits of single files, and the ways around those rules.
 */
const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const production = globSync(['src/**/*.ts', 'functions/**/*.ts'], { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort();

/** Rooms without a clock, chance, environment, timer or network of their own: they are given all of them. */
const pureRooms = /^src\/([^/]+\.ts$|(accounts|planning|oauth|client|refresh|sweep|http|status)\/)/;
const impureFiles: ReadonlySet<string> = new Set(['src/time.ts', 'src/oauth/token-endpoint-client.ts']);
const effects =
  /\b(Date\.now|Math\.random|performance\.|process\.|crypto\.|console\.|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|fetch\()|new Date\(\s*\)|\bDate\(\s*\)/g;

/** Packages that a room may import, but only where it meets the outside or computes with keys. */
const permits: Readonly<Record<string, RegExp>> = {
  undici: /^src\/(http\/dispatcher|vault\/http-client|oauth\/token-endpoint-client)\.ts$/,
  jose: /^src\/(consent\/|oauth\/(id-token|trusted-issuers|client-certificate)\.ts$)/,
  'node:crypto': /^src\/(consent\/|http\/page|oauth\/client-certificate|accounts\/registration-summary)/,
  'node:net': /^src\/(http\/dispatcher|oauth\/token-endpoint-client|cli\/consent-server)\.ts$/,
  'node:http': /^src\/cli\/consent-server\.ts$/,
  'node:module': /^src\/cli\/main\.ts$/,
  'node:async_hooks': /^src\/vault\/pipeline-policies\.ts$/,
  'node:fs/promises': /^src\/cli\/input\.ts$/,
  '@azure/identity': /^src\/(vault|telemetry|app)\//,
};

const longestFile = 300;

function specifiersOf(code: string): string[] {
  const found = code.matchAll(/\b(?:from|import)\s*\(?\s*['"`]([^'"`]+)['"`]/g);
  return [...found].map(([, specifier = '']) => specifier);
}

function importFault(path: string, specifier: string): string | undefined {
  const permit = permits[specifier];
  if (permit !== undefined && !permit.test(path)) return `imports ${specifier} without a permit`;
  const isStraight = !specifier.startsWith('.') || /^(\.\/|(\.\.\/)+)(?!.*\.\/)/.test(specifier);
  // The linter looks at the text of an import: `../vault/../refresh/a.ts` would be one of the vault to it.
  return isStraight ? undefined : `imports ${posix.join(posix.dirname(path), specifier)} by a detour`;
}

/** What breaks the architecture in a production source; `path` is relative to the repository. */
function architectureFaults(path: string, source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(?<!:)\/\/.*$/gm, '');
  const faults = specifiersOf(code).map((specifier) => importFault(path, specifier));
  if (pureRooms.test(path) && !impureFiles.has(path))
    faults.push(...[...code.matchAll(effects)].map(([effect]) => `uses ${effect}`));
  if (!path.startsWith('src/vault/') && /\bvault\.set\(/.test(code))
    faults.push('writes to a vault without a permit');
  if (/(?<!await )\bimport\(\s*['"`]\./.test(code))
    faults.push('imports a type in place, which the linter does not see');
  const lines = source.split('\n').length - 1;
  if (lines > longestFile) faults.push(`has ${lines} lines`);
  return faults.filter((fault) => fault !== undefined);
}

describe('the architecture', () => {
  for (const path of production) {
    test(`is kept by ${path}`, () => assert.deepEqual(architectureFaults(path, read(path)), []));
  }

  test('has rules for every room in the linter, one set each', () => {
    const { overrides } = JSON.parse(read('biome.json')) as { overrides: { includes: string[] }[] };
    const ruled = overrides
      .flatMap(({ includes }) => includes)
      .filter((path) => /^src\/\w+\/\*\*$/.test(path));
    const rooms = new Set(production.map((path) => /^src\/[^/]+\//.exec(path)?.[0]).filter(Boolean));
    assert.deepEqual(ruled.sort(), [...rooms].map((room) => `${room}**`).sort());
  });
});

describe('the rules of the architecture', () => {
  const rows: ReadonlyArray<readonly [what: string, path: string, source: string, fault?: string]> = [
    ['a date of a given moment', 'src/accounts/a.ts', 'const a = new Date(seconds * 1000);'],
    ['effects in comments', 'src/planning/a.ts', '// not Date.now()\n/** never Math.random() */'],
    ['a package loaded when it is needed', 'src/telemetry/a.ts', "await import('applicationinsights');"],
    ['300 lines', 'src/planning/a.ts', 'a;\n'.repeat(300)],
    ['301 lines', 'src/vault/a.ts', 'a;\n'.repeat(301), 'has 301 lines'],
    ['the time', 'src/planning/a.ts', 'const a = Date.now();', 'uses Date.now'],
    ['the time in a new date', 'src/accounts/a.ts', 'const a = new Date();', 'uses new Date()'],
    ['chance', 'src/sweep/a.ts', 'const a = Math.random();', 'uses Math.random'],
    ['the environment', 'src/text.ts', "const a = process.env['A'];", 'uses process.'],
    ['a timer', 'src/refresh/a.ts', 'setTimeout(a, 1);', 'uses setTimeout'],
    ['the network', 'src/oauth/a.ts', "await fetch('https://a.b');", 'uses fetch('],
    ['I/O', 'src/oauth/a.ts', "import { b } from 'node:net';", 'imports node:net without a permit'],
    [
      'a write without a permit',
      'src/consent/a.ts',
      'await environment.credentials.vault.set(name, write);',
      'writes to a vault without a permit',
    ],
    ['a detour', 'src/vault/a.ts', "import '../a/../b.ts';", 'imports src/b.ts by a detour'],
    [
      'a type imported in place',
      'src/vault/a.ts',
      "let b: import('../refresh/b.ts').B;",
      'imports a type in place, which the linter does not see',
    ],
  ];
  for (const [what, path, source, fault] of rows) {
    test(`${fault === undefined ? 'accept' : 'refuse'} ${what}`, () =>
      assert.deepEqual(architectureFaults(path, source), fault === undefined ? [] : [fault]));
  }
});
