import type { TokenCredential } from '@azure/identity';
import type { AzureMonitorOpenTelemetryOptions, TelemetryClient } from 'applicationinsights';
import { omitUndefined } from '../omit-undefined.ts';
import { errorCode } from '../reason.ts';

type ExporterOptions = NonNullable<AzureMonitorOpenTelemetryOptions['azureMonitorExporterOptions']>;
type AdditionalPolicy = NonNullable<ExporterOptions['additionalPolicies']>[number];
type PipelinePolicy = AdditionalPolicy['policy'];
type PipelineRequest = Parameters<PipelinePolicy['sendRequest']>[0];

/** The transport under the SDK's pipeline; tests put one in memory here. */
export type HttpClient = NonNullable<ExporterOptions['httpClient']>;

export interface SdkOptions {
  readonly connectionString: string;
  /** Entra credential for ingestion when the component refuses instrumentation keys (`DisableLocalAuth`). */
  readonly credential?: TokenCredential;
  readonly httpClient?: HttpClient;
  /** Applied to every text of every envelope, the last look before the wire. */
  readonly scrub: (text: string) => string;
  /** Told in one secret-free sentence why a request was not accepted; the SDK itself stays silent. */
  readonly warn: (message: string) => void;
}

/** The SDK reads these when it is loaded or its exporters are made; options cannot say the same. */
const environmentSwitches = {
  APPLICATION_INSIGHTS_NO_STATSBEAT: '1',
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: 'true',
};

/**
 * Carries an event's own time through the SDK, which stamps the moment at which an event is handed to it and has no
 * word for another. No key of the event contract; it never reaches the wire.
 */
export const emissionTimeProperty = 'emittedAt';

/** The longest time for one request with its retries; less than the SDK's 30 s, so that a hanging one ends. */
const requestLimitMilliseconds = 10_000;

const instrumentationKey =
  /(?:^|;)\s*InstrumentationKey=[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\s*(?:;|$)/i;

/**
 * Loads the Application Insights SDK and makes a client with providers of its own: nothing is instrumented,
 * collected or sampled, and live metrics do not exist, because only the distro's global providers do any of that.
 * Throws `invalid_connection_string` when it has no valid instrumentation key, and whatever the import throws.
 */
export async function loadClient(options: SdkOptions): Promise<TelemetryClient> {
  if (!instrumentationKey.test(options.connectionString)) {
    throw Object.assign(new Error('no valid InstrumentationKey'), { code: 'invalid_connection_string' });
  }
  Object.assign(process.env, environmentSwitches);
  const { TelemetryClient } = await import('applicationinsights');
  const client = new TelemetryClient(options.connectionString, { useGlobalProviders: false });
  client.config.azureMonitorOpenTelemetryOptions = { azureMonitorExporterOptions: exporterOptions(options) };
  client.initialize();
  return client;
}

function exporterOptions(options: SdkOptions): ExporterOptions {
  const { connectionString, credential, httpClient } = options;
  return {
    connectionString,
    // Nothing is kept on an instance's disk: it would be plain text, and vanishes with the instance anyway.
    disableOfflineStorage: true,
    retryOptions: { maxRetries: 2, retryDelayInMs: 250, maxRetryDelayInMs: 1000 },
    additionalPolicies: [{ position: 'perCall', policy: envelopePolicy(options, roleTags(process.env)) }],
    ...omitUndefined({ credential: credential && reportingCredential(credential, options.warn), httpClient }),
  };
}

/** The SDK asks for a token before any policy of ours runs, and says nothing when there is none. */
function reportingCredential(credential: TokenCredential, warn: SdkOptions['warn']): TokenCredential {
  return {
    async getToken(scopes, options) {
      try {
        return await credential.getToken(scopes, options);
      } catch (error) {
        warn(`telemetry was not sent: no token for Azure Monitor: ${errorName(error)}`);
        throw error;
      }
    },
  };
}

/** Role and instance as the Functions host names them, which client-owned providers do not detect. */
function roleTags(environment: NodeJS.ProcessEnv): Record<string, string> {
  return omitUndefined({
    'ai.cloud.role': environment['WEBSITE_SITE_NAME'],
    'ai.cloud.roleInstance': environment['WEBSITE_INSTANCE_ID'],
  });
}

/** Scrubs, names and dates the envelopes, bounds the request with its retries, and reports what was not accepted. */
function envelopePolicy({ scrub, warn }: SdkOptions, tags: Record<string, string>): PipelinePolicy {
  return {
    name: 'envelopePolicy',
    async sendRequest(request, next) {
      request.body = rewriteEnvelopes(request.body, scrub, tags);
      request.abortSignal = AbortSignal.timeout(requestLimitMilliseconds);
      try {
        const response = await next(request);
        if (!isAccepted(response.status)) warn(`telemetry was not accepted: HTTP ${response.status}`);
        return response;
      } catch (error) {
        warn(`telemetry was not sent: ${errorName(error)}`);
        throw error;
      }
    },
  };
}

/** The exporter follows redirects within Azure Monitor itself; 206 means that some events were refused. */
const isAccepted = (status: number): boolean => status === 200 || status === 307 || status === 308;

interface Envelope {
  readonly time: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly data: { readonly baseData: { readonly properties?: Readonly<Record<string, string>> } };
}

function rewriteEnvelopes(
  body: PipelineRequest['body'],
  scrub: (text: string) => string,
  tags: Record<string, string>,
): string {
  if (typeof body !== 'string') throw new TypeError('telemetry is not text and cannot be scrubbed');
  const envelopes: Envelope[] = JSON.parse(body, (_key, value: unknown) =>
    typeof value === 'string' ? scrub(value) : value,
  );
  return JSON.stringify(
    envelopes.map((envelope) => ({ ...withOwnTime(envelope), tags: { ...envelope.tags, ...tags } })),
  );
}

function withOwnTime(envelope: Envelope): Envelope {
  const { [emissionTimeProperty]: time = envelope.time, ...properties } =
    envelope.data.baseData.properties ?? {};
  return {
    ...envelope,
    time,
    data: { ...envelope.data, baseData: { ...envelope.data.baseData, properties } },
  };
}

/** A name that may be shown: messages of credentials and transports can quote what was sent. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return errorCode(error) ?? error.name;
}
