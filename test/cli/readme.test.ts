import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, test } from 'node:test';

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

/** A place to run them in, where `npx` means this checkout's command line and needs no registry. */
const directory = mkdtempSync(join(tmpdir(), 'readme-'));
const program = join(root, 'bin/token-refresher.js');
writeFileSync(join(directory, 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${program}" "$@"\n`, {
  mode: 0o755,
});
const env = { PATH: `${directory}${delimiter}${process.env['PATH']}`, NO_PROXY: '127.0.0.1,localhost' };

after(() => rmSync(directory, { recursive: true }));

describe('the examples of the README', {
  skip: process.platform === 'win32' && 'they are for a shell',
}, () => {
  const commands = commandsOf(section);

  test('are there for every command', () => {
    const words = commands.map((line) => line.split(' ').slice(2, 4).join(' '));
    for (const command of [
      'account add',
      'account show',
      'account list',
      'account update',
      'account pause',
      'account resume',
      'account remove',
      'consent',
      'plan',
      'refresh',
      'status',
      'doctor',
      'export',
      'import',
      'completion',
    ])
      assert.ok(
        words.some((word) => word.startsWith(command)),
        command,
      );
  });

  for (const command of commands) {
    test(command.replace(/\s+/g, ' '), () => {
      const expected = Number(/# exits with (\d)/.exec(command)?.[1] ?? 0);
      const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: directory, env, encoding: 'utf8' });
      assert.equal(status, expected, stderr);
    });
  }
});

describe('the commands that documents name', () => {
  for (const document of ['README.md', 'docs/runbook.md']) {
    test(`${document} names only commands that there are, with options that they have`, () => {
      const commands = commandsOf(read(document)).filter(
        (line) => !line.includes('--local') && !line.includes(' completion '),
      );
      assert.ok(commands.length > 0);
      for (const command of commands) {
        // A wrong setting ends a command before it touches anything; what the parser refuses ends before that.
        const { status, stderr } = spawnSync('sh', ['-c', command.replace(/<app>/g, 'app.example')], {
          cwd: directory,
          env: { ...env, SWEEP_CONCURRENCY: 'none' },
          encoding: 'utf8',
        });
        assert.equal(status, 2, command);
        assert.match(stderr, /SWEEP_CONCURRENCY must be/, command);
      }
    });
  }
});
