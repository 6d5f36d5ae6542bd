import { canBe, homePin, type Pin, sameUser, type User } from '../accounts/entra-ids.ts';
import type { RefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import { isPinEnded, loginHintHash } from '../accounts/registration-summary.ts';
import type { SignedInUser } from '../oauth/id-token.ts';
import type { PreparedAccount } from '../refresh/prepare-account.ts';

/** Whose consent counts: the pinned user's, else the one's whom the login hint names. */
export interface ExpectedUser {
  readonly pin?: Pin | undefined;
  /** The ids of the pinned user's last id token, where they are others. */
  readonly signedInAs?: User | undefined;
  readonly loginHint?: string | undefined;
  /** Whether the hint names the pinned user: he consented under it, or under another one. Undefined: nobody knows. */
  readonly isHintOfPin?: boolean | undefined;
}

/** Who is asked for a consent to an account, by its registration and its newest refresh token. */
export function expectedUserOf(
  { id, registration, registrationSecret }: PreparedAccount,
  refreshToken: Partial<RefreshTokenTags> = {},
): ExpectedUser {
  const { user: registered, loginHint } = registration;
  const { signedInAs, loginHintHash: hash } = refreshToken;
  const pinned = isPinEnded(registrationSecret.tags, refreshToken) ? undefined : refreshToken.user;
  const pin = registered ? homePin(registered) : pinned;
  if (pin === undefined || pinned === undefined || !sameUser(pin, pinned)) return { pin, loginHint };
  const isHintOfPin = loginHint && hash ? hash === loginHintHash(id, loginHint) : undefined;
  return { pin, signedInAs, loginHint, isHintOfPin };
}

/** By what the one who is to sign in is told, here and to Entra: nobody is asked for who would be refused then. */
export function askedUser({
  pin,
  loginHint,
  isHintOfPin,
}: ExpectedUser): Pick<ExpectedUser, 'pin' | 'loginHint'> {
  if (pin === undefined || isHintOfPin === true) return { loginHint };
  return isHintOfPin === false ? { pin } : { pin, loginHint };
}

/** Whether the one who signed in is the expected user, with the pin that follows from it. */
type ConsentedUser =
  | { readonly kind: 'expected'; readonly pin: Pin }
  | { readonly kind: 'other_user' }
  /** The id token is of another tenant than the expected user's home, and nothing says whose guest it is. */
  | { readonly kind: 'user_unproven' };

const otherUser: ConsentedUser = { kind: 'other_user' };
const asExpected = (pin: Pin): ConsentedUser => ({ kind: 'expected', pin });

/**
 * Compares who signed in with who is expected.
 *
 * @param signedIn by the id token
 * @param home by `client_info`; undefined without a readable one, which never makes anybody another user
 */
export function consentedUser(
  expected: ExpectedUser,
  signedIn: SignedInUser,
  home: User | undefined,
): ConsentedUser {
  const { pin, signedInAs, loginHint } = expected;
  const { tenantId, objectId, userName } = signedIn;
  const isHinted = loginHint !== undefined && loginHint.toLowerCase() === userName?.toLowerCase();
  const provisional: Pin = { tenantId, objectId, ids: 'provisional' };
  if (pin === undefined) return isHinted ? asExpected(home ? homePin(home) : provisional) : otherUser;
  if (home !== undefined) {
    // A pin that is not of his home came from an id token of his.
    const isPinned = sameUser(pin, home) || (pin.ids !== 'home' && sameUser(pin, signedIn));
    return isPinned ? asExpected(homePin(home)) : otherUser;
  }
  const kept = pin.ids === 'home' ? pin : provisional;
  if ([pin, signedInAs].some((user) => user && sameUser(user, signedIn))) return asExpected(kept);
  if (!canBe({ ...pin, ids: 'provisional' }, signedIn)) return otherUser;
  return isHinted ? asExpected(kept) : { kind: 'user_unproven' };
}
