import { aadstsCode, findAadsts } from '../oauth/error-catalogue.ts';
import type { FailureFacts, OutcomeKind } from '../oauth/outcome.ts';

/** How the redemption of a code failed. */
export type RefusedOutcome = Exclude<OutcomeKind, 'refreshed'>;

const again = 'Open the consent link again and sign in once more.';
const later = 'Wait a few minutes, then open the consent link again.';

/** Codes that mean another thing of a code than of a refresh token, in words for the person who consents. */
const causesOfCode: Readonly<Record<string, string>> = {
  [aadstsCode(50148)]: 'The answer belongs to another sign-in; links opened side by side mix them up.',
  [aadstsCode(501481)]: 'The answer belongs to another sign-in; links opened side by side mix them up.',
  [aadstsCode(54005)]:
    'The code from Microsoft was used before; each works once. Perhaps all is done already.',
  [aadstsCode(70000)]: 'Microsoft does not accept the code from the sign-in and does not say why.',
  [aadstsCode(70008)]: 'The code from Microsoft had expired; it lives for a few minutes only.',
  [aadstsCode(9002313)]: 'The code from Microsoft arrived damaged.',
  invalid_grant: 'Microsoft does not accept the sign-in: it took too long, was used before or was withdrawn.',
};

/**
 * Why a code was not redeemed and what to do, for the person who consents: whoever reads it cannot mend the app, and
 * nothing is repeated by itself.
 */
export function explainRefusal(outcome: RefusedOutcome, facts: FailureFacts): readonly string[] {
  const ofCode = Object.hasOwn(causesOfCode, facts.code) ? causesOfCode[facts.code] : undefined;
  if (ofCode !== undefined) return [ofCode, again];
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
