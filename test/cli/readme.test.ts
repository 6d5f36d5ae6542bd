import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { startSampleAccounts } from '../../local/command-line.ts';
import { runCli } from '../../src/cli/cli.ts';
import { systemClock } from '../../src/time.ts';
import { Capture, commands as everyCommand } from './run.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The command lines of a document's shell blocks, those that go on in a further line put together. */
function commandsOf(document: string): string[] {
  const blocks = [...document.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const lines = blocks.flatMap((block) => block.replace(/\\\n\s*/g, '').split('\n'));
  return lines.map((line) => line.trim()).filter((line) => line.startsWith('npx token-refresher '));
}

const section =
  read('README.md')
    .split(/^## /m)
    .find((part) => part.startsWith('Command line')) ?? '';

/** A place to run them in, for the files that they write and read. */
const directory = mkdtempSync(join(tmpdir(), 'readme-'));

/** What a shell makes of a command line: its words, and the file that its output goes to. */
function parseShell(command: string): { args: string[]; file: string | undefined } {
  assert.doesNotMatch(command, /"[^"]*\s[^"]*"|[`$(|;&]/, 'a word that only a shell understands');
  const [, line = '', file] = /^npx token-refresher (.*?)(?: > (\S+))?(?:\s+#.*)?$/.exec(command) ?? [];
  return { args: line.split(/\s+/).map((word) => word.replaceAll('"', '')), file };
}

/** One for all commands of this process, because @azure/identity keeps tokens for the process. */
const sampleAccounts = await startSampleAccounts();
const startLocal = async () => ({ ...sampleAccounts, close: async () => {} });

/** Runs a command line in this process, as `bin` does in one of its own; starting that takes longer than the command. */
async function run(command: string, env: NodeJS.ProcessEnv) {
  const { args, file } = parseShell(command);
  const streams = { input: new PassThrough(), output: new Capture(false), error: new Capture(false) };
  streams.input.end();
  const exitCode = await runCli(args, { streams, env, clock: systemClock, startLocal });
  if (file !== undefined) writeFileSync(file, streams.output.text);
  return { exitCode, err: streams.error.text };
}

/** A file is imported into other sample accounts than those that it was exported from. */
function runElsewhere(command: string) {
  const { args } = parseShell(command);
  const env = { PATH: process.env['PATH'], NO_PROXY: '127.0.0.1,localhost' };
  const program = join(root, 'bin/token-refresher.js');
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' });
  return { exitCode: status, err: stderr };
}

const workingDirectory = process.cwd();
before(() => process.chdir(directory));
after(async () => {
  process.chdir(workingDirectory);
  await sampleAccounts.close();
});
after(() => rmSync(directory, { recursive: true }));

describe('the examples of the README', () => {
  const commands = commandsOf(section);

  test('are there for every command', () => {
    const words = commands.map((line) => line.split(' ').slice(2, 4).join(' '));
    for (const command of [...everyCommand, 'completion'])
      assert.ok(
        words.some((word) => word.startsWith(command)),
        command,
      );
  });

  for (const command of commands) {
    test(command.replace(/\s+/g, ' '), async () => {
      const expected = Number(/# exits with (\d)/.exec(command)?.[1] ?? 0);
      const { exitCode, err } = await (command.includes(' import ')
        ? runElsewhere(command)
        : run(command, {}));
      assert.equal(exitCode, expected, err);
    });
  }
});

describe('the commands that documents name', () => {
  for (const document of ['README.md', 'docs/runbook.md']) {
    test(`${document} names only commands that there are, with options that they have`, async () => {
      const commands = commandsOf(read(document)).filter(
        (line) => !line.includes('--local') && !line.includes(' completion '),
      );
      assert.ok(commands.length > 0);
      for (const command of commands) {
        // A wrong setting ends a command before it touches anything; what the parser refuses ends before that.
        const { exitCode, err } = await run(command.replace(/<app>|\$\w+/g, 'app.example'), {
          SWEEP_CONCURRENCY: 'none',
        });
        assert.equal(exitCode, 2, command);
        assert.match(err, /SWEEP_CONCURRENCY must be/, command);
      }
    });
  }
});
