import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type EventLine, parseEventLine } from '../local/event-lines.ts';
import { type FunctionsHost, startFunctionsHost } from '../local/functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from '../local/local-environment.ts';
import { makePackage } from '../scripts/package.ts';
import { systemClock } from '../src/time.ts';
import { crm } from './support/world.ts';

const root = join(import.meta.dirname, '..');
const lines: string[] = [];
let directory: string;
let local: LocalEnvironment;
let host: FunctionsHost;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'token-refresher-'));
  await makePackage({ root, outDirectory: directory });
  local = await startLocalEnvironment({ clock: systemClock });
  Object.assign(process.env, local.appSettings);
  host = await startFunctionsHost({
    entryPoints: ['functions.cjs'],
    appDirectory: directory,
    log: ({ message }) => lines.push(message),
  });
});

after(async () => {
  await host.stop();
  await local.close();
  await rm(directory, { recursive: true });
});

describe('the deployment package', () => {
  test('registers the functions of this project', () => {
    const names = host.functions.map(({ name }) => name);
    assert.deepEqual([names.length, names.includes('refreshTokens')], [9, true]);
  });

  test('sweeps: the bundled app refreshes a due account over the real libraries', async () => {
    local.world.addAccount({ id: 'due', client: crm });
    await host.runTimer('refreshTokens');
    const events: EventLine[] = lines.flatMap((line) => parseEventLine(line) ?? []);
    assert.equal(events.find(({ event }) => event === 'SweepCompleted')?.['refreshed'], 1);
    assert.equal(local.world.tokens.versionsOf('access-token-due').length, 1);
  });
});
