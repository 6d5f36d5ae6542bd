import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, mock, test } from 'node:test';
import { runCli } from '../../src/cli/cli.ts';
import { explain } from '../../src/cli/explain.ts';
import { withProgress } from '../../src/cli/progress.ts';
import type { ExitCode } from '../../src/cli/result.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { product } from '../../src/http/product.ts';
import { systemClock } from '../../src/time.ts';
import { VaultError, type VaultErrorCode } from '../../src/vault/secret-vault.ts';
import { Capture, commands } from './run.ts';

async function run(line: string, env: NodeJS.ProcessEnv = {}): Promise<[ExitCode, string, string]> {
  const streams = { input: new PassThrough().end(), output: new Capture(false), error: new Capture(false) };
  const args = line.split(' ').filter((word) => word !== '');
  const exitCode = await runCli(args, { streams, env, clock: systemClock });
  return [exitCode, streams.output.text, streams.error.text];
}

describe('help', () => {
  test('names every command and the exit codes, on standard output', async () => {
    const [exitCode, out, err] = await run('--help');
    assert.deepEqual([exitCode, err], [0, '']);
    for (const command of commands)
      assert.ok(out.includes(`token-refresher ${command.split(' ')[0]} `), command);
    assert.match(out, /0 fine; 1 something needs a human; 2 wrong usage; 3 a vault could not be reached/);
  });

  for (const command of commands) {
    test(`of ${command} has an example`, async () => {
      const [exitCode, out] = await run(`${command} --help`);
      assert.equal(exitCode, 0);
      assert.match(out, new RegExp(`Examples:\\n[\\s\\S]*token-refresher ${command}`));
      assert.match(out, /--json/);
    });
  }

  test('of consent tells which redirect URI must be registered', async () => {
    const [, out] = await run('consent --help');
    assert.match(out, /http:\/\/localhost\/api\/consent\/callback/);
  });

  test('tells the version', async () => {
    assert.deepEqual(await run('--version'), [0, `${product.version}\n`, '']);
  });

  test('completes commands in the shell', async () => {
    const [exitCode, script] = await run('completion');
    assert.equal(exitCode, 0);
    assert.match(script, /complete .*token-refresher/);
    const [, words] = await run('--get-yargs-completions token-refresher account re');
    assert.ok(words.split('\n').includes('resume'));
  });
});

describe('wrong usage', () => {
  const cases: readonly (readonly [what: string, line: string, message: RegExp])[] = [
    ['no command', '', /Name a command\.\nSee token-refresher --help\./],
    ['half a command', 'account', /Name what to do with an account\.\nSee token-refresher account --help\./],
    ['a misspelt command', 'statsu', /Did you mean status\?/],
    ['an option that there is not', 'plan --dry', /Unknown argument: dry\nSee token-refresher plan --help\./],
    ['an account too many', 'refresh a b', /Unknown argument: b/],
    ['an account that is missing', 'account show', /Not enough non-option arguments/],
    ['an option without its value', 'status --client', /Not enough arguments following: client/],
    [
      '--local without a local environment',
      'status --local',
      /not part of the built package\.\nRun it from a checkout/,
    ],
  ];
  for (const [what, line, message] of cases) {
    test(`${what} ends with 2 and a hint on standard error`, async () => {
      const [exitCode, out, err] = await run(line);
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, message);
    });
  }

  test('takes the name of a vault for its URL in the public cloud', async () => {
    const [exitCode, , err] = await run('status --credentials-vault my-vault');
    assert.equal(exitCode, 2);
    assert.equal(
      err,
      "TOKENS_VAULT_URL is missing: the vault's URL, like https://my-vault.vault.azure.net.\nSet them, or give --tokens-vault.\n",
    );
  });
});

describe('a failure in words', () => {
  const vaultUrl = 'https://my-vault.vault.azure.net';
  const codes: readonly (readonly [VaultErrorCode, ExitCode, RegExp])[] = [
    ['forbidden', 3, /Your own sign-in lacks the right/],
    ['unauthenticated', 3, /az login/],
    ['unreachable', 3, /from this machine/],
    ['throttled', 3, /request limit/],
    ['rejected', 1, /cannot hold/],
    ['deleted', 1, /az keyvault secret recover/],
    ['conflict', 1, /Wait some seconds/],
    ['read_only', 3, /Wait for Azure/],
    ['token_refused', 3, /az login --tenant/],
    ['intercepted', 3, /no Key Vault.*proxy.*this machine/],
    ['disabled', 1, /Enable the newest version/],
  ];
  for (const [code, exitCode, remedy] of codes) {
    test(`a vault that says "${code}" ends with ${exitCode}`, () => {
      const explained = explain(new VaultError({ code, vaultUrl, operation: 'set', secretName: 'a' }));
      assert.equal(explained.exitCode, exitCode);
      assert.match(explained.remedy, remedy);
    });
  }

  test('an unexpected error is told without its own text, which may quote anything', () => {
    const { exitCode, cause } = explain(new TypeError('the-secret-it-choked-on'));
    assert.equal(exitCode, 1);
    assert.match(cause, /\(TypeError\)\.\n\s+at /);
    assert.doesNotMatch(cause, /the-secret/);
  });
});

describe('the terminal', () => {
  const paints = (isTTY: boolean, env: NodeJS.ProcessEnv): boolean => {
    const streams = { input: new PassThrough(), output: new Capture(isTTY), error: new Capture(false) };
    return new Terminal(streams, env).paint('bad', 'x') !== 'x';
  };
  for (const [what, isTTY, env, expected] of [
    ['on a terminal', true, {}, true],
    ['with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['not with NO_COLOR', true, { NO_COLOR: '0' }, false],
    ['not on a dumb terminal', true, { TERM: 'dumb' }, false],
    ['not in a pipe', false, {}, false],
  ] as const) {
    test(`has colours ${what}`, () => assert.equal(paints(isTTY, env), expected));
  }

  for (const [where, isTTY, expected] of [
    ['a pipe', false, 'Waiting …\n'],
    ['a terminal', true, '\r\u001b[KWaiting … 1 s\r\u001b[KWaiting … 2 s\r\u001b[K'],
  ] as const) {
    test(`tells on ${where} what takes longer than a second, and nothing before`, async (t) => {
      mock.timers.enable({ apis: ['setInterval'] });
      t.after(() => mock.timers.reset());
      const error = new Capture(isTTY);
      const terminal = new Terminal({ input: new PassThrough(), output: new Capture(false), error }, {});
      const work = Promise.withResolvers<string>();
      const waiting = withProgress(terminal, 'Waiting', work.promise);
      mock.timers.tick(999);
      assert.equal(error.text, '');
      mock.timers.tick(1);
      mock.timers.tick(1000);
      work.resolve('done');
      assert.equal(await waiting, 'done');
      assert.equal(error.text, expected);
    });
  }
});
