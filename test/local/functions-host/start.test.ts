import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const starter = fileURLToPath(new URL('../../fixtures/functions/start.ts', import.meta.url));

function start(...entryPoints: string[]): unknown {
  const { stdout, stderr, error } = spawnSync(process.execPath, [starter, ...entryPoints], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.equal(error, undefined);
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout);
}

suite('a start', () => {
  for (const [sentence, entryPoints, code, message] of [
    ['whose pattern matches no file', ['none/*.ts'], 'no-entry-point', /"none\/\*\.ts"/],
    ['whose file does not exist', ['/nowhere/app.cjs'], 'no-entry-point', /"\/nowhere\/app\.cjs"/],
    [
      'whose file throws',
      ['faulty/throws.ts'],
      'entry-point-failed',
      /faulty\/throws\.ts": no configuration$/,
    ],
    ['that registers nothing', ['faulty/nothing.ts'], 'no-functions', /faulty\/nothing\.ts/],
    [
      'that registers a name twice',
      ['faulty/duplicate.ts'],
      'entry-point-failed',
      /A function with id "tick" has already been registered\.$/,
    ],
    ['whose appStart hook throws', ['faulty/start-hook.ts'], 'start-hook-failed', /not today$/],
    ['that streams HTTP', ['faulty/streaming.ts'], 'unsupported', /HTTP streaming/],
    [
      'after a failed start of another app',
      ['faulty/nothing.ts', 'app/tick.ts'],
      'already-started',
      /app of \S*faulty\/nothing\.ts; start \S*app\/tick\.ts in another one/,
    ],
  ] as const) {
    test(`${sentence} fails: ${code}`, () => {
      const error = start(...entryPoints);
      assert.ok(typeof error === 'object' && error !== null && 'code' in error && 'message' in error);
      assert.equal(error.code, code);
      assert.match(String(error.message), message);
    });
  }

  for (const [sentence, entryPoint, message] of [
    ['a schedule that cannot be read', 'faulty/bad-schedule.ts', /'tick' function is in error: .*"00:30:00"/],
    ['a setting that is missing', 'app/*.ts', /'tick' function is in error: .*TICK_SCHEDULE/],
  ] as const) {
    test(`with ${sentence} goes on without that function, says so, and never runs it`, () => {
      const { code, logged, disabled } = start(entryPoint) as Record<string, unknown>;
      assert.equal(code, 'none');
      assert.match(String(logged), message);
      assert.equal(disabled, 'disabled');
    });
  }
});
