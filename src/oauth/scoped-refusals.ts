import { aadstsCode } from './error-catalogue.ts';
import type { FailureFacts } from './outcome.ts';

/**
 * Consent and the strength of a sign-in are asked for an API at a time, so a grant that is refused with these may
 * still serve other scopes (Entra: authentication error codes; Conditional Access: cloud apps).
 * - 65001, 65004: not consented, declined
 * - 50072, 50074, 50076, 50078, 50079, 50158: another factor, its enrolment, or an external challenge
 */
const scopedCodes: ReadonlySet<string> = new Set(
  [65001, 65004, 50072, 50074, 50076, 50078, 50079, 50158].map(aadstsCode),
);

const scopedSuberrors: ReadonlySet<string> = new Set([
  'consent_required',
  'basic_action',
  'additional_action',
]);

/** Whether a refusal that asks for a user says nothing about the grant beyond the scopes that were asked for. */
export function concernsScopesOnly({ code, suberror }: FailureFacts): boolean {
  return scopedCodes.has(code) || scopedSuberrors.has(suberror ?? '');
}
