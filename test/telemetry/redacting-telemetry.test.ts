import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Sensitive } from '../../src/sensitive.ts';
import { redactingTelemetry } from '../../src/telemetry/redacting-telemetry.ts';
import { eventNames, fullEvent, RecordingTelemetry, uncheckedEvent } from './recording-telemetry.ts';

const canary = '0.AXoAb3fQ9pLk2EmZxV7RtYc1N8sJwHg4uKd6TqCe5BaWfA';

describe('redactingTelemetry', () => {
  for (const name of eventNames) {
    it(`passes every key of ${name}`, () => {
      const inner = new RecordingTelemetry();
      redactingTelemetry(inner).emit(fullEvent(name));
      assert.deepEqual(inner.events, [fullEvent(name)]);
    });

    it(`masks a token in every property of ${name}`, () => {
      const inner = new RecordingTelemetry();
      redactingTelemetry(inner).emit(fullEvent(name, (key) => `${key} was ${canary}.`));
      assert.deepEqual(inner.events, [fullEvent(name, (key) => `${key} was [redacted]`)]);
    });
  }

  it('drops stray keys, undefined values, non-text properties and non-finite measurements', () => {
    const inner = new RecordingTelemetry();
    redactingTelemetry(inner).emit(
      uncheckedEvent(
        'AccountState',
        { account: 'a', state: undefined, tenant: 7, owner: new Sensitive('x'), refreshToken: canary },
        { minutesLeft: Number.NaN, generation: Number.POSITIVE_INFINITY, hoursInState: 0, stray: 1 },
      ),
    );
    assert.deepEqual(inner.events, [uncheckedEvent('AccountState', { account: 'a' }, { hoursInState: 0 })]);
  });

  it('drops events of unknown names, inherited ones too', () => {
    const inner = new RecordingTelemetry();
    for (const name of ['Custom', 'constructor', '__proto__']) {
      redactingTelemetry(inner).emit(uncheckedEvent(name, { account: 'a' }, {}));
    }
    assert.deepEqual(inner.events, []);
  });

  it('never throws, whatever the event or the inner telemetry', () => {
    const inner = new RecordingTelemetry();
    inner.emit = () => {
      throw new Error('inner');
    };
    const telemetry = redactingTelemetry(inner);
    telemetry.emit(fullEvent('AccountState'));
    telemetry.emit({ name: 'AccountState' } as never);
    telemetry.emit(undefined as never);
  });

  it('hands the flush limit through', async () => {
    const inner = new RecordingTelemetry();
    await redactingTelemetry(inner).flush(100);
    await redactingTelemetry(inner).flush();
    assert.deepEqual(inner.limits, [100, undefined]);
  });
});
