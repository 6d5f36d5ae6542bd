import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Settings of this process would be the command's, too. */
const env = { PATH: process.env['PATH'], NO_PROXY: '127.0.0.1,localhost' };

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'bin/token-refresher.js'), ...args], { encoding: 'utf8', env });

describe('the command line of a checkout', () => {
  test('works on the sample accounts with --local, and ends by itself', () => {
    const { status, stdout, stderr } = run('plan', '--local');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^ads-emea +leave/m);
    assert.match(stdout, /: 11 to refresh, 2 to leave\.\n$/);
  });

  test('runs from a path with blanks', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'a path with blanks '));
    t.after(() => rm(directory, { recursive: true }));
    await symlink(root, join(directory, 'checkout'));
    // As if it lay there.
    const flags = ['--preserve-symlinks', '--preserve-symlinks-main'];
    const bin = join(directory, 'checkout/bin/token-refresher.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, bin, '--version'], {
      encoding: 'utf8',
      env,
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /\d+\.\d+\.\d+/);
  });

  test('gives the shell its exit code, and keeps results apart from everything else', () => {
    const { status, stdout, stderr } = run('refresh');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /Name an account, or give --all/);
  });

  test('finishes its sweep although nobody reads its events any more', async () => {
    const args = ['refresh', '--all', '--local', '--verbose', '--json'];
    const child = spawn(process.execPath, [join(root, 'bin/checkout.ts'), ...args], { env });
    child.stderr.destroy();
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    assert.equal(JSON.parse(stdout).refreshed, 5);
  });

  test('loads no SDK and no prompts to show its help', () => {
    const script = `
      import { registerHooks } from 'node:module';
      const packages = new Set();
      registerHooks({ resolve(specifier, context, next) { packages.add(specifier); return next(specifier, context); } });
      process.argv.splice(1, 0, 'token-refresher');
      process.on('exit', () => process.stderr.write([...packages].join('\\n')));
      await import('${new URL('../../bin/checkout.ts', import.meta.url)}');`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script, '--', '--help'],
      { encoding: 'utf8', env },
    );
    assert.match(stdout, /Exit codes/);
    assert.match(stderr, /^yargs$/m);
    assert.doesNotMatch(stderr, /@azure|applicationinsights|inquirer|undici|cli-table3|jose|zod/);
  });
});
