import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Behaviour } from '../../local/monitor/in-memory-ingestion.ts';
import {
  accountState,
  arrivedAccounts,
  emitAccounts,
  setUp,
  withoutNetwork,
} from './application-insights-setup.ts';

withoutNetwork();

describe('a burst of events', () => {
  it('arrives whole and in order: 6,000 in one turn', async () => {
    const { ingestion, telemetry, warnings } = setUp();
    const accounts = emitAccounts(telemetry, 6000);
    await telemetry.flush(30_000);
    assert.deepEqual(arrivedAccounts(ingestion), accounts);
    assert.deepEqual(warnings, []);
  });

  it('arrives whole when the SDK is loaded already, without a flush in between', async () => {
    const { ingestion, telemetry } = setUp();
    telemetry.emit(accountState('first'));
    await telemetry.flush();
    const accounts = emitAccounts(telemetry, 3000);
    await telemetry.flush(30_000);
    assert.deepEqual(arrivedAccounts(ingestion), ['first', ...accounts]);
  });

  it('arrives without any flush when it fills batches', { timeout: 30_000 }, async () => {
    const { ingestion, telemetry } = setUp();
    telemetry.emit(accountState('first'));
    await telemetry.flush();
    emitAccounts(telemetry, 1500);
    await ingestion.acceptedAtLeast(1501);
  });

  it('keeps the time of each emission while it waits for the SDK or for a batch under way', async () => {
    let now = Date.UTC(2026, 10, 22, 10);
    const { ingestion, telemetry } = setUp({
      clock: { nowMilliseconds: () => now, sleep: () => Promise.resolve() },
    });
    ingestion.behaviour = 'hang';
    emitAccounts(telemetry, 600);
    await ingestion.reached;
    now += 60_000;
    telemetry.emit(accountState('later'));
    now += 60_000;
    ingestion.release();
    await telemetry.flush(30_000);
    const times = Map.groupBy(ingestion.accepted, ({ time }) => time);
    assert.deepEqual(
      [...times].map(([time, envelopes]) => [time, envelopes.length]),
      [
        ['2026-11-22T10:00:00.000Z', 600],
        ['2026-11-22T10:01:00.000Z', 1],
      ],
    );
    assert.deepEqual(ingestion.accepted.at(-1)?.data.baseData.properties, { account: 'later' });
  });

  it('arrives whole when it goes on while a batch is under way', async () => {
    const { ingestion, telemetry } = setUp();
    ingestion.behaviour = 'hang';
    const first = emitAccounts(telemetry, 1000);
    await ingestion.reached;
    const second = emitAccounts(telemetry, 3000);
    ingestion.release();
    await telemetry.flush(30_000);
    assert.deepEqual(arrivedAccounts(ingestion), [...first, ...second]);
  });
});

describe('flush', () => {
  it('does nothing before the first event: a connection string that cannot work is not even read', async () => {
    const { telemetry, warnings } = setUp({ connectionString: 'nonsense' });
    await telemetry.flush();
    assert.deepEqual(warnings, []);
  });

  it('gives up at its limit when the endpoint hangs, and what waits is sent when it answers again', async () => {
    const { ingestion, telemetry, warnings } = setUp();
    ingestion.behaviour = 'hang';
    const accounts = emitAccounts(telemetry, 600);
    await ingestion.reached;
    await telemetry.flush(100);
    assert.deepEqual(arrivedAccounts(ingestion), []);
    assert.deepEqual(warnings, ['telemetry was not sent within 100 ms']);
    ingestion.release();
    await telemetry.flush();
    assert.deepEqual(arrivedAccounts(ingestion), accounts);
  });

  const failures: [behaviour: Behaviour, warning: string][] = [
    [206, 'telemetry was not accepted: HTTP 206'],
    [400, 'telemetry was not accepted: HTTP 400'],
    [401, 'telemetry was not accepted: HTTP 401'],
    [429, 'telemetry was not accepted: HTTP 429'],
    [500, 'telemetry was not accepted: HTTP 500'],
    ['throw', 'telemetry was not sent: Error'],
  ];
  for (const [behaviour, warning] of failures) {
    it(`resolves and says why when the endpoint answers ${behaviour}; the next event arrives`, async () => {
      const { ingestion, telemetry, warnings } = setUp();
      ingestion.behaviour = behaviour;
      telemetry.emit(accountState('lost'));
      await telemetry.flush();
      assert.deepEqual(warnings, [warning]);
      ingestion.behaviour = 200;
      telemetry.emit(accountState('next'));
      await telemetry.flush();
      assert.deepEqual(arrivedAccounts(ingestion), ['next']);
    });
  }

  it('survives a warning that throws', async () => {
    const { ingestion, telemetry } = setUp({
      warn: () => {
        throw new Error('closed pipe');
      },
    });
    ingestion.behaviour = 400;
    telemetry.emit(accountState('a'));
    await telemetry.flush();
  });

  it('leaves no timer behind that would keep the process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const earlier = timers();
    const { telemetry } = setUp();
    telemetry.emit(accountState('a'));
    await telemetry.flush();
    assert.equal(timers(), earlier);
  });
});
