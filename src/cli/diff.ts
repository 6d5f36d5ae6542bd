import { isDeepStrictEqual } from 'node:util';
import type { RegistrationFields } from '../accounts/registration.ts';

export interface FieldChange {
  readonly field: string;
  /** Absent when the field is new. */
  readonly before?: unknown;
  /** Absent when the field goes away. */
  readonly after?: unknown;
}

/** The fields in which two registrations differ, those of the new one first. */
export function fieldChanges(before: RegistrationFields, after: RegistrationFields): FieldChange[] {
  const fields = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return fields
    .filter((field) => !isDeepStrictEqual(before[field], after[field]))
    .map((field) => ({
      field,
      ...(field in before ? { before: before[field] } : {}),
      ...(field in after ? { after: after[field] } : {}),
    }));
}

/** Changes as lines that begin with `-` and `+`, as in a patch. */
export function changeLines(changes: readonly FieldChange[]): string[] {
  return changes.flatMap((change) => [
    ...('before' in change ? [`  - ${change.field}: ${JSON.stringify(change.before)}`] : []),
    ...('after' in change ? [`  + ${change.field}: ${JSON.stringify(change.after)}`] : []),
  ]);
}
