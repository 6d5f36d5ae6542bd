import { omitUndefined } from '../../omit-undefined.ts';
/**
 * - `problem`: something does not work, or soon will not
 * - `warning`: something will need a human, or a reserve is gone
 * - `note`: fine, or not for the doctor to judge
 */
export type Level = 'problem' | 'warning' | 'note';

/** One thing that was looked at. */
export interface Finding {
  readonly level: Level;
  /** A vault, an account, a client, a setting. */
  readonly where: string;
  readonly what: string;
  /** What to do; nothing for what is fine. */
  readonly remedy?: string;
}

export type Findings = Iterable<Finding>;

const finding =
  (level: Level) =>
  (where: string, what: string, remedy: string): Finding => ({ level, where, what, remedy });

export const problem = finding('problem');
export const warning = finding('warning');
export const note = (where: string, what: string, remedy?: string): Finding => ({
  level: 'note',
  where,
  what,
  ...omitUndefined({ remedy }),
});
