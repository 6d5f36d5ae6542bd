/**
 * The room of telemetry: what the app tells of itself.
 *
 * In: events of the contract below. Out: custom events of Application Insights, or lines of JSON; whatever looks like a
 * secret is masked on the way (`redaction`). `create-telemetry` chooses; the SDK stays in the two files of its name.
 */

import { type AccountState, accountStates } from '../accounts/account-state.ts';

type CamelCase<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<B>}` : S;

/** The measurement that counts the accounts of a state. */
export function stateMeasurement(state: AccountState): CamelCase<AccountState> {
  // The compiler cannot follow what the pattern replaces.
  return state.replace(/_(.)/, (_, letter: string) => letter.toUpperCase()) as CamelCase<AccountState>;
}

type Words<Line extends string> = Line extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Line;

/** The words of a line, each known to the compiler, which cannot follow `split`. */
const words = <Line extends string>(line: Line) => line.split(' ') as Words<Line>[];

const stateMeasurements = accountStates.map(stateMeasurement);

/**
 * The closed set of telemetry events. What is not listed here cannot leave the process: the adapters copy
 * exactly these keys. Alert rules and the workbook are checked against this table.
 *
 * Properties are text, measurements are numbers (their units stand in their names).
 */
export const eventContract = {
  /** A sweep came to its end, however many accounts failed in it. One per sweep; the app's heartbeat. */
  SweepCompleted: {
    properties: words('sweepId invocationId trigger pastDue overCapacity nextSweepAt'),
    measurements: [
      ...words('durationSeconds rounds accounts due refreshed notDue remaining'),
      ...stateMeasurements,
      ...words('credentialsVaultPages credentialsVaultEmptyPages credentialsVaultListMilliseconds'),
      ...words('credentialsVaultWrites credentialsVaultWriteBudgetPercent tokensVaultPages'),
      ...words('tokensVaultEmptyPages tokensVaultListMilliseconds tokensVaultWrites'),
      ...words('tokensVaultWriteBudgetPercent minimumMinutesLeft'),
    ],
  },
  /** A sweep could not be carried out; nothing was redeemed after the cause appeared. */
  SweepAborted: {
    properties: words('sweepId invocationId trigger stage code cause remedy vault operation secret'),
    measurements: words('durationSeconds refreshed remaining tries triedSeconds'),
  },
  /** The state of one account at the end of a sweep; one per account and sweep. */
  AccountState: {
    properties: [
      ...words('sweepId account state outcome client tenant owner code cause remedy since reason'),
      ...words('nextAttemptAt accessTokenExpiresAt refreshTokenExpiresAt registrationExpiresAt'),
      ...words('credentialSecret traceId'),
    ],
    measurements: words(
      'minutesLeft tokens consecutiveFailures generation refreshTokenAgeHours hoursInState',
    ),
  },
  /** One client's credential at the end of a sweep; one per client, secret and sweep of all accounts. */
  ClientCredential: {
    properties: words('sweepId client method credentialSecret owners expiry expiresAt fallback'),
    measurements: words('daysLeft ageDays accounts'),
  },
  /** One redemption of a refresh token, whatever came of it. */
  Redemption: {
    properties: [
      ...words('sweepId account token client tenant endpoint authorityHost dueReason outcome code'),
      ...words('codeKnown oauthError suberror traceId correlationId attemptId refreshTokenSource'),
      ...words('rotated lackingScopes'),
    ],
    measurements: words('durationMilliseconds httpStatus round generation expiresInSeconds'),
  },
  /** Entra issued a refresh token and it could not be stored: the loudest event. */
  RotatedTokenNotStored: {
    properties: words('sweepId account client tenant attemptId reason cause remedy vault secret'),
    measurements: words('generation storeAttempts'),
  },
  /** A user consented and the first tokens are stored. */
  ConsentCompleted: {
    properties: words('account client tenant owner endpoint attemptId kind lackingScopes'),
    measurements: words('expiresInSeconds'),
  },
} as const satisfies Record<string, { properties: readonly string[]; measurements: readonly string[] }>;

type Contract = typeof eventContract;
export type EventName = keyof Contract;

/** One telemetry event; a key outside the contract does not compile. */
export type TelemetryEvent = {
  [N in EventName]: {
    readonly name: N;
    readonly properties: Readonly<Partial<Record<Contract[N]['properties'][number], string | undefined>>>;
    readonly measurements: Readonly<Partial<Record<Contract[N]['measurements'][number], number | undefined>>>;
  };
}[EventName];

/** Where events go. Emitting never throws and never waits. */
export interface Telemetry {
  emit(event: TelemetryEvent): void;
  /** Sends what is buffered; resolves within `limitMilliseconds` (default 5,000) whatever happens. Never throws. */
  flush(limitMilliseconds?: number): Promise<void>;
}

/** What an event may carry out of the process: the contract's keys that have a value. */
interface EventFields {
  readonly properties: Readonly<Record<string, string>>;
  readonly measurements: Readonly<Record<string, number>>;
}

/**
 * Copies the keys of the contract, in its order; leaves out other keys, undefined values, properties that are not
 * text and measurements that are not finite. Undefined for an event whose name is not in the contract.
 */
export function eventFields(event: TelemetryEvent): EventFields | undefined {
  if (!Object.hasOwn(eventContract, event.name)) return undefined;
  const { properties, measurements } = eventContract[event.name];
  return {
    properties: copy(properties, event.properties, isText),
    measurements: copy(measurements, event.measurements, isFiniteNumber),
  };
}

function copy<V>(
  keys: readonly string[],
  from: Readonly<Record<string, unknown>>,
  accepts: (value: unknown) => value is V,
): Record<string, V> {
  const fields: Record<string, V> = {};
  for (const key of keys) {
    const value = from[key];
    if (accepts(value)) fields[key] = value;
  }
  return fields;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value);
