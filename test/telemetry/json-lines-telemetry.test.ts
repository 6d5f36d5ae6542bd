import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventContract } from '../../src/telemetry/events.ts';
import { JsonLinesTelemetry } from '../../src/telemetry/json-lines-telemetry.ts';
import type { Clock } from '../../src/time.ts';
import { eventNames, fullEvent, uncheckedEvent } from './recording-telemetry.ts';

const clock: Clock = {
  nowMilliseconds: () => Date.UTC(2026, 10, 22, 13, 30, 0, 42),
  sleep: async () => {},
};

describe('JsonLinesTelemetry', () => {
  it('writes time, event, properties and measurements as one line', () => {
    const lines: string[] = [];
    new JsonLinesTelemetry((line) => lines.push(line), clock).emit({
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
      new JsonLinesTelemetry((line) => lines.push(line), clock).emit(fullEvent(name));
      const { properties, measurements } = eventContract[name];
      assert.deepEqual(
        lines.map((line) => Object.keys(JSON.parse(line))),
        [['time', 'event', ...properties, ...measurements]],
      );
    });
  }

  it('writes nothing for an unknown event and nothing for a stray key', () => {
    const lines: string[] = [];
    const telemetry = new JsonLinesTelemetry((line) => lines.push(line), clock);
    telemetry.emit(uncheckedEvent('Custom', { account: 'a' }, {}));
    telemetry.emit(uncheckedEvent('AccountState', { token: 'a' }, { stray: 1 }));
    assert.deepEqual(lines, ['{"time":"2026-11-22T13:30:00.042Z","event":"AccountState"}']);
  });

  it('survives a writer that throws', async () => {
    const telemetry = new JsonLinesTelemetry(() => {
      throw new Error('closed pipe');
    }, clock);
    telemetry.emit(fullEvent('SweepCompleted'));
    await telemetry.flush();
  });
});
