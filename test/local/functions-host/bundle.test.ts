import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { LogLine } from '../../../local/functions-host/app.ts';
import { type FunctionsHost, startFunctionsHost } from '../../../local/functions-host/functions-host.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/functions/app', import.meta.url));

suite('a CommonJS bundle', () => {
  let directory: string;
  let host: FunctionsHost;
  const lines: LogLine[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'functions-bundle-'));
    const contents = ['greet', 'hooks', 'tick'].map((name) => `import './${name}.ts';`).join('\n');
    await build({
      stdin: { contents, resolveDir: fixtures },
      outfile: join(directory, 'app.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['@azure/functions-core'],
      logLevel: 'error',
    });
    host = await startFunctionsHost({
      entryPoints: [join(directory, 'app.cjs')],
      appSettings: { TICK_SCHEDULE: '0 */10 * * * *' },
      log: (line) => lines.push(line),
    });
  });

  after(async () => {
    await host.stop();
    await rm(directory, { recursive: true });
  });

  test('registers its functions through the library inside it', () => {
    assert.deepEqual(
      host.functions.map(({ name, kind, schedule }) => [name, kind, schedule]),
      [
        ['greet', 'http', undefined],
        ['health', 'http', undefined],
        ['fail', 'http', undefined],
        ['tick', 'timer', '0 */10 * * * *'],
      ],
    );
  });

  test('runs its timer', async () => {
    const { result, invocationId } = await host.runTimer('tick');
    assert.equal(result, undefined);
    assert.match(invocationId, /^[0-9a-f-]{36}$/);
  });

  test('answers HTTP', async () => {
    const { status } = await host.invokeHttp('health', { method: 'GET', url: 'http://127.0.0.1/api/health' });
    assert.equal(status, 204);
  });
});
