import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';
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
        write,
        clock,
        ...(connectionString === undefined ? {} : { connectionString }),
      });
      telemetry.emit(event);
      await telemetry.flush();
      assert.deepEqual(
        lines.map((text) => JSON.parse(text)),
        expected,
      );
    });
  }
});
