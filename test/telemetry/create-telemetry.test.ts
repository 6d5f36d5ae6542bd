import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTelemetry, JsonLinesTelemetry } from '../../src/telemetry/create-telemetry.ts';
import { eventContract, type Telemetry } from '../../src/telemetry/events.ts';
import type { Clock } from '../../src/time.ts';
import { eventNames, fullEvent, uncheckedEvent } from './recording-telemetry.ts';

const time = '2026-11-22T13:30:00.000Z';
const clock: Clock = { nowMilliseconds: () => Date.parse(time), sleep: async () => {} };
const event = {
  name: 'AccountState',
  properties: { account: 'a', cause: 'Entra refused Xk98Q~pZ3vT.rL2mN7_wY-bC5dF1gH4jK6sA0eUi' },
  measurements: {},
} as const;
const line = { time, event: 'AccountState', account: 'a', cause: 'Entra refused [redacted]' };

describe('createTelemetry', () => {
  const cases: [connectionString: string | undefined, expected: object[]][] = [
    [undefined, [line]],
    ['', [line]],
    ['nonsense', [{ time, warning: 'telemetry cannot be sent: invalid_connection_string' }, line]],
  ];
  for (const [connectionString, expected] of cases) {
    const options = { clock, ...(connectionString === undefined ? {} : { connectionString }) };
    it(`writes redacted lines with the connection string ${JSON.stringify(connectionString)}`, async () => {
      const lines: string[] = [];
      const write = (text: string) => lines.push(text);
      const telemetry = createTelemetry(options)(write);
      telemetry.emit(event);
      await telemetry.flush();
      assert.deepEqual(
        lines.map((text) => JSON.parse(text)),
        expected,
      );
    });

    it(`writes each line to the invocation that it belongs to, with ${JSON.stringify(connectionString)}`, async () => {
      const telemetryFor = createTelemetry(options);
      const written: Record<string, string[]> = { sweep: [], request: [] };
      const telemetry = (invocation: string) =>
        telemetryFor((text) => written[invocation]?.push(JSON.parse(text).account ?? 'a warning'));
      const [sweep, request] = [telemetry('sweep'), telemetry('request')];
      const emit = (to: Telemetry, account: string) =>
        to.emit({ name: 'AccountState', properties: { account }, measurements: {} });
      emit(sweep, 'first');
      emit(request, 'of the request');
      await request.flush();
      emit(sweep, 'second');
      await sweep.flush();
      const warned = expected.length > 1 ? ['a warning'] : [];
      assert.deepEqual(written, {
        sweep: [...warned, 'first', 'second'],
        request: [...warned, 'of the request'],
      });
    });
  }
});

const lineClock: Clock = {
  nowMilliseconds: () => Date.UTC(2026, 10, 22, 13, 30, 0, 42),
  sleep: async () => {},
};

describe('JsonLinesTelemetry', () => {
  it('writes time, event, properties and measurements as one line', () => {
    const lines: string[] = [];
    new JsonLinesTelemetry((line) => lines.push(line), lineClock).emit({
      name: 'Redemption',
      properties: { outcome: 'refreshed', account: 'a\nb', code: undefined },
      measurements: { round: 1, httpStatus: undefined },
    });
    assert.deepEqual(lines, [
      '{"time":"2026-11-22T13:30:00.042Z","event":"Redemption","account":"a\\nb","outcome":"refreshed","round":1}',
    ]);
  });

  for (const name of eventNames) {
    it(`writes every key of ${name} in the contract's order`, () => {
      const lines: string[] = [];
      new JsonLinesTelemetry((line) => lines.push(line), lineClock).emit(fullEvent(name));
      const { properties, measurements } = eventContract[name];
      assert.deepEqual(
        lines.map((line) => Object.keys(JSON.parse(line))),
        [['time', 'event', ...properties, ...measurements]],
      );
    });
  }

  it('writes nothing for an unknown event and nothing for a stray key', () => {
    const lines: string[] = [];
    const telemetry = new JsonLinesTelemetry((line) => lines.push(line), lineClock);
    telemetry.emit(uncheckedEvent('Custom', { account: 'a' }, {}));
    telemetry.emit(uncheckedEvent('AccountState', { token: 'a' }, { stray: 1 }));
    assert.deepEqual(lines, ['{"time":"2026-11-22T13:30:00.042Z","event":"AccountState"}']);
  });

  it('survives a writer that throws', async () => {
    const telemetry = new JsonLinesTelemetry(() => {
      throw new Error('closed pipe');
    }, lineClock);
    telemetry.emit(fullEvent('SweepCompleted'));
    await telemetry.flush();
  });
});
