import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Instrumenter, type TracingSpan, useInstrumenter } from '@azure/core-tracing';
import { passTimeOnPolls, startHarness } from './harness.ts';

const silentSpan: TracingSpan = {
  setStatus: () => {},
  setAttribute: () => {},
  recordException: () => {},
  isRecording: () => true,
  end: () => {},
};

/** Notes the names of all spans in the order in which they begin. */
function recordSpans(): string[] {
  const names: string[] = [];
  const tracingContext = {
    setValue: () => tracingContext,
    getValue: () => undefined,
    deleteValue: () => tracingContext,
  };
  const instrumenter: Instrumenter = {
    startSpan: (name, { tracingContext: parent }) => {
      names.push(name);
      return { span: silentSpan, tracingContext: parent ?? tracingContext };
    },
    withContext: (_context, callback, ...args) => callback(...args),
    parseTraceparentHeader: () => undefined,
    createRequestHeaders: () => ({}),
  };
  useInstrumenter(instrumenter);
  return names;
}

test('every operation makes its span', async (t) => {
  const harness = await startHarness(t);
  passTimeOnPolls(harness);
  const { client } = harness;
  const spans = recordSpans();
  const { properties } = await client.setSecret('colour', 'green');
  await client.getSecret('colour');
  await client.updateSecretProperties('colour', properties.version ?? '', { enabled: true });
  const poller = await client.beginDeleteSecret('colour', { intervalInMs: 0 });
  await poller.pollUntilDone();
  const own = new Set(spans.filter((name) => !name.startsWith('HTTP')));
  assert.deepEqual(
    [...own],
    [
      'SecretClient.setSecret',
      'SecretClient.getSecret',
      'SecretClient.updateSecretProperties',
      'DeleteSecretPoller.deleteSecret',
      'DeleteSecretPoller.getDeletedSecret',
    ],
  );
});
