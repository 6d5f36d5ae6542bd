/** Something that is wrong with the templates or the alert rules, for whoever has to mend it. */
export interface FileFault {
  /** From the root of the repository. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** The check that found it, or the compiler's code. */
  readonly rule: string;
  /** What is wrong, and the remedy. */
  readonly message: string;
}

/** One line for a terminal: `file:line  rule  what, and the remedy`. */
export function faultLine({ file, line, rule, message }: FileFault): string {
  return `${file}${line === undefined ? '' : `:${line}`}  ${rule}  ${message}`;
}

/** Each fault once, in the order of files and lines. */
export function sortedFaults(faults: readonly FileFault[]): FileFault[] {
  const once = new Map(faults.map((fault) => [faultLine(fault), fault]));
  return [...once.values()].sort(
    (a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0) || a.rule.localeCompare(b.rule),
  );
}
