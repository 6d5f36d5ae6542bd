import { Socket } from 'node:net';
import { after, before, mock } from 'node:test';
import {
  type ApplicationInsightsOptions,
  ApplicationInsightsTelemetry,
  type TelemetryOutlet,
} from '../../src/telemetry/application-insights-telemetry.ts';
import type { Telemetry } from '../../src/telemetry/events.ts';
import { systemClock } from '../../src/time.ts';
import { RecordingIngestion } from './recording-ingestion.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export const instrumentationKey = '11111111-2222-3333-4444-555555555555';
export const endpoint = 'https://westeurope-5.in.applicationinsights.azure.com/';
export const connectionString = `InstrumentationKey=${instrumentationKey};IngestionEndpoint=${endpoint}`;
export const canary = '0.AXoAb3fQ9pLk2EmZxV7RtYc1N8sJwHg4uKd6TqCe5BaWfA';

/** A telemetry whose ingestion is in memory, and what it warned of. */
export function setUp({
  warn,
  fallback,
  ...options
}: Partial<ApplicationInsightsOptions & TelemetryOutlet> = {}) {
  const ingestion = new RecordingIngestion();
  const warnings: string[] = [];
  const telemetry = new ApplicationInsightsTelemetry({
    connectionString,
    clock: systemClock,
    httpClient: ingestion.httpClient,
    ...options,
  }).through({
    warn: warn ?? ((message) => warnings.push(message)),
    fallback: fallback ?? new RecordingTelemetry(),
  });
  return { ingestion, warnings, telemetry };
}

export const accountState = (account: string) =>
  ({ name: 'AccountState', properties: { account }, measurements: { generation: 1 } }) as const;

export function emitAccounts(telemetry: Telemetry, count: number): string[] {
  const accounts = Array.from({ length: count }, (_, index) => `account-${index}`);
  for (const account of accounts) telemetry.emit(accountState(account));
  return accounts;
}

export const arrivedAccounts = (ingestion: RecordingIngestion) =>
  ingestion.accepted.map((envelope) => envelope.data.baseData.properties['account']);

/** Where the process wanted to connect to. */
export const hosts = new Set<string>();

/** Nothing in a file that calls this reaches a network, and the SDK is loaded before its first test. */
export function withoutNetwork(): void {
  before(() => {
    mock.method(Socket.prototype, 'connect', function (this: Socket, ...options: unknown[]) {
      const [first] = options.flat() as { host?: string }[];
      hosts.add(first?.host ?? 'unknown');
      process.nextTick(() => this.destroy(new Error('no network in tests')));
      return this;
    });
  });
  after(() => mock.restoreAll());

  // Loading the SDK takes a second or two, more than some of the limits below.
  before(async () => {
    const { telemetry } = setUp();
    telemetry.emit(accountState('first'));
    await telemetry.flush(60_000);
  });
}
