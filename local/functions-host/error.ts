/**
 * - `already-started`: a process hosts one app, once
 * - `no-entry-point`: a path does not exist, or a pattern matches no file
 * - `entry-point-failed`: a function file threw while it was loaded
 * - `no-functions`: every file was loaded and none registered a function
 * - `start-hook-failed`: an appStart hook threw
 * - `unresolved-setting`: a schedule names an app setting that is missing or empty
 * - `invalid-schedule`: a schedule is no NCRONTAB expression, or one that never comes round
 * - `disabled`: the host runs without this function, whose schedule it could not read
 * - `unsupported`: the app uses a feature of the runtime that this host does not have
 * - `unknown-function`: no function of that name and kind is registered
 * - `stopped`: the host has been stopped
 */
type FunctionsHostErrorCode =
  | 'already-started'
  | 'no-entry-point'
  | 'entry-point-failed'
  | 'no-functions'
  | 'start-hook-failed'
  | 'unresolved-setting'
  | 'invalid-schedule'
  | 'disabled'
  | 'unsupported'
  | 'unknown-function'
  | 'stopped';

/** The app cannot be hosted, or the host was asked for something it does not have. */
export class FunctionsHostError extends Error {
  override readonly name = 'FunctionsHostError';
  readonly code: FunctionsHostErrorCode;

  constructor(code: FunctionsHostErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What was thrown, as an Error with the message the worker would report for it (worker: ensureErrorType). */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (thrown === undefined || thrown === null) return new Error('Unknown error');
  return new Error(typeof thrown === 'object' ? JSON.stringify(thrown) : String(thrown));
}
