import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { architectureFaults } from './architecture-rules.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const production = globSync(['src/**/*.ts', 'functions/**/*.ts'], { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort();

describe('the architecture', () => {
  for (const path of production) {
    test(`is kept by ${path}`, () => assert.deepEqual(architectureFaults(path, read(path)), []));
  }

  test('was looked for in every room', () => {
    for (const part of ['accounts', 'planning', 'oauth', 'vault', 'telemetry', 'refresh', 'sweep']) {
      assert.ok(
        production.some((path) => path.startsWith(`src/${part}/`)),
        part,
      );
    }
    assert.ok(
      production.includes('src/app/environment.ts') &&
        production.some((path) => path.startsWith('functions/')),
    );
  });
});

describe('the rules of the architecture', () => {
  const accepted: ReadonlyArray<readonly [what: string, path: string, source: string]> = [
    ['its own room', 'src/vault/a.ts', "import { b } from './b.ts';"],
    ['the room below', 'src/planning/a.ts', "import { b } from '../accounts/b.ts';"],
    ['a shared word', 'src/accounts/a.ts', "import type { Sensitive } from '../sensitive.ts';"],
    ['a room far below', 'src/refresh/a.ts', "import { b } from '../accounts/b.ts';"],
    ['all rooms from the composition root', 'src/app/environment.ts', "import { b } from '../vault/b.ts';"],
    [
      'the composition root from a function',
      'functions/a.ts',
      "import { b } from '../src/app/environment.ts';",
    ],
    ["a room's package", 'src/planning/a.ts', "import { Cron } from 'croner';"],
    ["an adapter's SDK", 'src/vault/a.ts', "import { SecretClient } from '@azure/keyvault-secrets';"],
    ['a date of a given moment', 'src/accounts/a.ts', 'const a = new Date(seconds * 1000);'],
    ['effects in comments', 'src/planning/a.ts', '// not Date.now()\n/** never Math.random() */'],
    ['an import in a comment', 'src/planning/a.ts', "// import { b } from '../refresh/b.ts';"],
    ['the app from the command line', 'src/cli/a.ts', "import { b } from '../app/b.ts';"],
    [
      'the local environment from the command line of a checkout, on demand',
      'src/cli/checkout.ts',
      "await import('../../local/command-line.ts');",
    ],
    [
      'a file from where the command line reads files',
      'src/cli/input-file.ts',
      "import { readFile } from 'node:fs/promises';",
    ],
    ['300 lines', 'src/planning/a.ts', 'a;\n'.repeat(300)],
  ];
  for (const [what, path, source] of accepted) {
    test(`accept ${what}`, () => assert.deepEqual(architectureFaults(path, source), []));
  }

  const upwards = "import { b } from '../refresh/b.ts';";
  const refused: ReadonlyArray<readonly [what: string, path: string, source: string, fault: string]> = [
    ['an import upwards', 'src/vault/a.ts', upwards, 'imports src/refresh/b.ts'],
    [
      'an import of types upwards',
      'src/vault/a.ts',
      upwards.replace('import', 'import type'),
      'imports src/refresh/b.ts',
    ],
    [
      'a re-export upwards',
      'src/vault/a.ts',
      upwards.replace('import', 'export'),
      'imports src/refresh/b.ts',
    ],
    [
      'an import for its effects upwards',
      'src/vault/a.ts',
      "import '../refresh/b.ts';",
      'imports src/refresh/b.ts',
    ],
    [
      'a dynamic import upwards',
      'src/vault/a.ts',
      "await import('../refresh/b.ts')",
      'imports src/refresh/b.ts',
    ],
    [
      'a type imported in place',
      'src/vault/a.ts',
      "let b: import('../refresh/b.ts').B;",
      'imports src/refresh/b.ts',
    ],
    [
      'an import over several lines',
      'src/vault/a.ts',
      "import {\n  b,\n  c,\n} from '../refresh/b.ts';",
      'imports src/refresh/b.ts',
    ],
    ['an import sideways', 'src/vault/a.ts', "import { b } from '../oauth/b.ts';", 'imports src/oauth/b.ts'],
    [
      'an import from the bottom up',
      'src/accounts/a.ts',
      "import { b } from '../planning/b.ts';",
      'imports src/planning/b.ts',
    ],
    [
      'a shared word that knows a room',
      'src/time.ts',
      "import { b } from './accounts/b.ts';",
      'imports src/accounts/b.ts',
    ],
    [
      'the composition root from below',
      'src/refresh/a.ts',
      "import { b } from '../config.ts';",
      'imports src/config.ts',
    ],
    [
      'a function from below',
      'src/app/environment.ts',
      "import { b } from '../../functions/b.ts';",
      'imports functions/b.ts',
    ],
    [
      'the local environment',
      'src/app/environment.ts',
      "import { b } from '../../local/b.ts';",
      'imports local/b.ts',
    ],
    [
      'the local environment at once, also in the command line of a checkout',
      'src/cli/checkout.ts',
      "import { b } from '../../local/command-line.ts';",
      'imports local/command-line.ts',
    ],
    [
      'the local environment from elsewhere in the command line',
      'src/cli/session.ts',
      "await import('../../local/command-line.ts')",
      'imports local/command-line.ts',
    ],
    [
      'the command line from the app',
      'src/app/environment.ts',
      "import { b } from '../cli/b.ts';",
      'imports src/cli/b.ts',
    ],
    [
      'the command line from a function',
      'functions/a.ts',
      "import { b } from '../src/cli/b.ts';",
      'imports src/cli/b.ts',
    ],
    [
      'an SDK in the command line',
      'src/cli/a.ts',
      "import { b } from '@azure/identity';",
      'imports @azure/identity',
    ],
    [
      'files elsewhere in the command line',
      'src/cli/a.ts',
      "import { b } from 'node:fs/promises';",
      'imports node:fs/promises',
    ],
    ['a test', 'src/app/environment.ts', "import { b } from '../../test/b.ts';", 'imports test/b.ts'],
    [
      'an import of oauth from planning',
      'src/planning/rounds.ts',
      "import { b } from '../oauth/outcome.ts';",
      'imports src/oauth/outcome.ts',
    ],
    [
      'an SDK in a pure room',
      'src/refresh/a.ts',
      "import { b } from '@azure/identity';",
      'imports @azure/identity',
    ],
    ['I/O in a pure room', 'src/oauth/a.ts', "import { b } from 'node:net';", 'imports node:net'],
    ['a package nobody decided on', 'src/vault/a.ts', "import b from 'lodash';", 'imports lodash'],
    [
      'files, in an adapter too',
      'src/vault/a.ts',
      "import { b } from 'node:fs/promises';",
      'imports node:fs/promises',
    ],
    [
      'processes, in the composition root too',
      'src/app/environment.ts',
      "import { b } from 'child_process';",
      'imports child_process',
    ],
    ['the time', 'src/planning/a.ts', 'const a = Date.now();', 'uses Date.now'],
    ['the time in a new date', 'src/accounts/a.ts', 'const a = new Date();', 'uses new Date()'],
    ['chance', 'src/planning/a.ts', 'const a = Math.random();', 'uses Math.random'],
    ['the environment', 'src/accounts/a.ts', "const a = process.env['A'];", 'uses process.'],
    [
      'a write without a permit',
      'src/consent/a.ts',
      'await environment.credentials.vault.set(name, write);',
      'writes to a vault without a permit',
    ],
    ['a timer', 'src/refresh/a.ts', 'setTimeout(a, 1);', 'uses setTimeout'],
    ['the network', 'src/oauth/a.ts', "await fetch('https://a.b');", 'uses fetch('],
    ['a room that nobody drew', 'src/helpers/a.ts', '', 'lies in helpers, which is no room'],
    ['301 lines', 'src/vault/a.ts', 'a;\n'.repeat(301), 'has 301 lines'],
  ];
  for (const [what, path, source, fault] of refused) {
    test(`refuse ${what}`, () => assert.deepEqual(architectureFaults(path, source), [fault]));
  }
});
