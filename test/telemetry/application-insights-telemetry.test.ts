import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';
import { redactingTelemetry } from '../../src/telemetry/redaction.ts';
import type { Clock } from '../../src/time.ts';
import {
  accountState,
  arrivedAccounts,
  canary,
  connectionString,
  endpoint,
  hosts,
  instrumentationKey,
  setUp,
  withoutNetwork,
} from './application-insights-setup.ts';
import { RecordingIngestion } from './recording-ingestion.ts';
import { eventNames, fullEvent, RecordingTelemetry, uncheckedEvent } from './recording-telemetry.ts';

withoutNetwork();

describe('an event at Application Insights', () => {
  const platform = { WEBSITE_SITE_NAME: 'func-refresher', WEBSITE_INSTANCE_ID: 'abc123' };
  before(() => Object.assign(process.env, platform));
  after(() => {
    for (const name of Object.keys(platform)) delete process.env[name];
  });

  for (const name of eventNames) {
    it(`is a custom event with every key of ${name}`, async () => {
      const { ingestion, telemetry, warnings } = setUp();
      const event = fullEvent(name);
      telemetry.emit(event);
      await telemetry.flush();
      assert.deepEqual(
        ingestion.accepted.map((envelope) => envelope.data),
        [
          {
            baseType: 'EventData',
            baseData: { ver: 2, name, properties: event.properties, measurements: event.measurements },
          },
        ],
      );
      assert.deepEqual(warnings, []);
    });
  }

  it('goes to the component of the connection string, unsampled, under the names of the platform', async () => {
    const { ingestion, telemetry } = setUp();
    telemetry.emit(accountState('a'));
    await telemetry.flush();
    assert.deepEqual(ingestion.requests, [{ url: `${endpoint}v2.1/track`, authorization: undefined }]);
    const [envelope] = ingestion.accepted;
    assert.ok(envelope);
    const { 'ai.internal.sdkVersion': sdkVersion, ...tags } = envelope.tags;
    assert.deepEqual(tags, { 'ai.cloud.role': 'func-refresher', 'ai.cloud.roleInstance': 'abc123' });
    assert.equal(envelope.iKey, instrumentationKey);
    assert.equal(envelope.sampleRate, 100);
    assert.equal(envelope.name, 'Microsoft.ApplicationInsights.Event');
    assert.equal(new Date(envelope.time).toISOString(), envelope.time);
  });

  it('leaves out stray keys and unknown events', async () => {
    const { ingestion, telemetry } = setUp();
    telemetry.emit(
      uncheckedEvent('AccountState', { account: 'a', token: 'b' }, { generation: Number.NaN, x: 1 }),
    );
    telemetry.emit(uncheckedEvent('Custom', { account: 'a' }, {}));
    telemetry.emit({ name: 'AccountState' } as never);
    await telemetry.flush();
    assert.deepEqual(
      ingestion.accepted.map((envelope) => envelope.data.baseData),
      [{ ver: 2, name: 'AccountState', properties: { account: 'a' }, measurements: {} }],
    );
  });
});

describe('a client that cannot be made', () => {
  for (const text of ['', 'nonsense', 'InstrumentationKey=abc', `IngestionEndpoint=${endpoint}`]) {
    it(`gives its events to the fallback: ${JSON.stringify(text)}`, async () => {
      const fallback = new RecordingTelemetry();
      const { telemetry, warnings } = setUp({ connectionString: text, fallback });
      telemetry.emit(accountState('a'));
      await telemetry.flush();
      telemetry.emit(accountState('b'));
      await telemetry.flush();
      assert.deepEqual(fallback.events, [accountState('a'), accountState('b')]);
      assert.deepEqual(warnings, ['telemetry cannot be sent: invalid_connection_string']);
    });
  }
});

describe('createTelemetry with a connection string', () => {
  it('sends redacted events to Application Insights and writes only what went wrong', async () => {
    const ingestion = new RecordingIngestion();
    const lines: string[] = [];
    const clock: Clock = { nowMilliseconds: () => Date.UTC(2026, 10, 22), sleep: async () => {} };
    const { httpClient } = ingestion;
    const telemetry = createTelemetry({ connectionString, httpClient, clock })((line) => lines.push(line));
    telemetry.emit(accountState(canary));
    await telemetry.flush();
    assert.deepEqual(arrivedAccounts(ingestion), ['[redacted]']);
    ingestion.behaviour = 401;
    telemetry.emit(accountState('b'));
    await telemetry.flush();
    assert.deepEqual(lines, [
      '{"time":"2026-11-22T00:00:00.000Z","warning":"telemetry was not accepted: HTTP 401"}',
    ]);
  });
});

describe('Entra authentication of the ingestion', () => {
  it('sends a token of the credential for Azure Monitor', async () => {
    const scopes: unknown[] = [];
    const credential = {
      getToken: async (scope: string | string[]) => {
        scopes.push(scope);
        return { token: 'monitor-token', expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    const { ingestion, telemetry } = setUp({ credential });
    telemetry.emit(accountState('a'));
    await telemetry.flush();
    assert.deepEqual(scopes, [['https://monitor.azure.com/.default']]);
    assert.deepEqual(
      ingestion.requests.map((request) => request.authorization),
      ['Bearer monitor-token'],
    );
  });

  it('names the error of a credential that fails, never its message', async () => {
    class CredentialUnavailableError extends Error {
      override readonly name = 'CredentialUnavailableError';
    }
    const getToken = () => Promise.reject(new CredentialUnavailableError(`secret ${canary}`));
    const { ingestion, telemetry, warnings } = setUp({ credential: { getToken } });
    telemetry.emit(accountState('a'));
    await telemetry.flush();
    assert.deepEqual(ingestion.requests, []);
    assert.deepEqual(warnings, [
      'telemetry was not sent: no token for Azure Monitor: CredentialUnavailableError',
    ]);
  });
});

describe('a token in the properties of events', () => {
  const plain = (text: string) => text;
  const forms = [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64')];
  const isOnTheWire = (ingestion: RecordingIngestion) =>
    ingestion.bodies.some((body) => forms.some((form) => body.includes(form)));

  const layers: [
    layers: string,
    wrapped: boolean,
    scrub: ((text: string) => string) | undefined,
    leaks: boolean,
  ][] = [
    ['both layers', true, undefined, false],
    ['the redacting wrapper alone', true, plain, false],
    ['the last look before the wire alone', false, undefined, false],
    ['no redaction at all', false, plain, true],
  ];
  for (const [name, wrapped, scrub, leaks] of layers) {
    it(`${leaks ? 'reaches' : 'never reaches'} the wire with ${name}`, async () => {
      const { ingestion, telemetry } = setUp(scrub === undefined ? {} : { scrub });
      const outer = wrapped ? redactingTelemetry(telemetry) : telemetry;
      for (const event of eventNames) {
        for (const form of forms) outer.emit(fullEvent(event, (key) => `${key} was ${form}.`));
      }
      await outer.flush();
      assert.equal(ingestion.accepted.length, eventNames.length * forms.length);
      assert.equal(isOnTheWire(ingestion), leaks);
    });
  }
});

describe('an hour of the process', () => {
  it('sends our events and nothing else: no statistics, no counters, no dependencies, no live metrics', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
    const { ingestion, telemetry } = setUp();
    telemetry.emit(accountState('a'));
    await telemetry.flush();
    await fetch('https://dependency.invalid/').catch(() => {});
    for (let minute = 0; minute < 60; minute += 1) {
      t.mock.timers.tick(60_000);
      await setImmediate();
    }
    await telemetry.flush();

    assert.deepEqual(
      ingestion.accepted.map((envelope) => [envelope.name, envelope.data.baseData.name]),
      [['Microsoft.ApplicationInsights.Event', 'AccountState']],
    );
    // The SDK asks for its own feature flags and offers no switch for that; the question carries no telemetry.
    hosts.delete('settings.sdk.monitor.azure.com');
    assert.deepEqual([...hosts], ['dependency.invalid']);
  });
});
