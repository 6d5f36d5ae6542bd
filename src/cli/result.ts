/** What the shell is told. */
export const exitCodes = {
  fine: 0,
  /** Something needs a human: an account, a registration, a finding. */
  needsHuman: 1,
  /** A wrong command, option, argument, file or setting. */
  usage: 2,
  /** A vault could not be reached, or did not allow it. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a command found out or did, for both kinds of readers. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  /** For tools, with `--json`. */
  readonly json: unknown;
  /** For people, without the last line end. */
  readonly text: string;
}

/** @param isFine whether nothing of it needs a human */
export function resultOf(isFine: boolean, json: unknown, text: string): CommandResult {
  return { exitCode: isFine ? exitCodes.fine : exitCodes.needsHuman, json, text };
}

/** A result of which nothing needs a human. */
export const fine = (json: unknown, text: string): CommandResult => resultOf(true, json, text);

/** Why a command did not do what was asked; nothing in it is secret. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly remedy: string;

  constructor(exitCode: ExitCode, code: string, cause: string, remedy: string) {
    super(cause);
    this.exitCode = exitCode;
    this.code = code;
    this.remedy = remedy;
  }
}

/** The command line itself was wrong. */
export const usageError = (cause: string, remedy: string): CommandError =>
  new CommandError(exitCodes.usage, 'usage', cause, remedy);
