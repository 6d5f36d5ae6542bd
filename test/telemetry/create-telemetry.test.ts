import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';
import type { Telemetry } from '../../src/telemetry/events.ts';
import type { Clock } from '../../src/time.ts';

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
    it(`writes redacted lines with the connection string ${JSON.stringify(connectionString)}`, async () => {
      const lines: string[] = [];
      const write = (text: string) => lines.push(text);
      const telemetry = createTelemetry({
        clock,
        ...(connectionString === undefined ? {} : { connectionString }),
      })(write);
      telemetry.emit(event);
      await telemetry.flush();
      assert.deepEqual(
        lines.map((text) => JSON.parse(text)),
        expected,
      );
    });

    it(`writes each line to the invocation that it belongs to, with ${JSON.stringify(connectionString)}`, async () => {
      const telemetryFor = createTelemetry({
        clock,
        ...(connectionString === undefined ? {} : { connectionString }),
      });
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
