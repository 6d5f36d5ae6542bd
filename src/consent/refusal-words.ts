import { findAadsts, findCode } from '../oauth/error-catalogue.ts';
import type { OutcomeKind } from '../oauth/outcome.ts';
import type { Reason } from '../reason.ts';

/** How the redemption of a code failed. */
export type RefusedOutcome = Exclude<OutcomeKind, 'refreshed'>;

const again = 'Open the consent link again and sign in once more.';
const later = 'Wait a few minutes, then open the consent link again.';

/**
 * Why a code was not redeemed and what to do, for the person who consents: whoever reads it cannot mend the app, and
 * nothing is repeated by itself.
 */
export function explainRefusal(outcome: RefusedOutcome, facts: Reason): readonly string[] {
  const atConsent = findCode(facts.code)?.causeAtConsent;
  if (atConsent !== undefined) return [atConsent, again];
  switch (outcome) {
    case 'reconsent':
      return [facts.cause, again];
    case 'credential':
    case 'configuration':
    case 'policy':
      return [facts.cause, `This needs an operator; show this page to one: ${facts.remedy}`];
    case 'throttled':
    case 'transient':
    case 'unknown_outcome':
    case 'malformed':
      return [facts.cause, later];
    default:
      return outcome satisfies never;
  }
}

/** What the catalogue knows of a number in an error redirect; anybody can have written the number, not the words. */
export function causeOfNumber(aadsts: string | undefined): readonly string[] {
  const row = aadsts === undefined ? undefined : findAadsts(Number(aadsts));
  return row === undefined ? [] : [row.cause];
}

/** Whether a number in an error redirect says that an administrator has to approve (Entra: error codes). */
export function needsAdministrator(aadsts: string | undefined): boolean {
  return aadsts !== undefined && findAadsts(Number(aadsts))?.approval === 'administrator';
}
