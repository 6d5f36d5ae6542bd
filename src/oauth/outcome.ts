import type { User } from '../accounts/entra-ids.ts';
import type { Reason } from '../reason.ts';
import type { Sensitive } from '../sensitive.ts';

/** What an answer of the token endpoint grants beside its access token. Tokens are opaque. */
export interface RefreshGrant {
  /** Absent when Entra did not rotate: the old one is kept. */
  readonly refreshToken?: Sensitive;
  readonly refreshTokenExpiresInSeconds?: number;
  readonly scope?: string;
  readonly resource?: string;
  /** From `client_info`. */
  readonly user?: User;
  /** Present with the scope `openid`; read only at consent. */
  readonly idToken?: Sensitive;
}

/** What a successful answer grants. */
export interface TokenGrant extends RefreshGrant {
  readonly accessToken: Sensitive;
  /** From the request on, by our clock; none is left where that runs ahead by more than the token's life. */
  readonly expiresInSeconds: number;
  /** Present for long-lived tokens: the age at which Entra asks to refresh. */
  readonly refreshInSeconds?: number;
}

/** The classes of failure, as the error catalogue assigns them. */
export type FailureClass =
  | 'reconsent'
  | 'credential'
  | 'configuration'
  | 'policy'
  | 'throttled'
  | 'transient';

/** What is known of a failure, in words that may be shown and counted: no free text of the server's. */
export interface FailureFacts extends Reason {
  /** False when no row of the catalogue knows the code and the OAuth error decided. */
  readonly codeKnown: boolean;
  readonly httpStatus?: number;
  /** The OAuth `error`, or `other` when it is none of the registered words. */
  readonly oauthError?: string;
  readonly suberror?: string;
  /** The Conditional Access challenge that the next authorize request must carry: JSON text, at most 4 KB. */
  readonly claims?: string;
  readonly correlationId?: string;
}

/** The outcome of one redemption; the judge's verdict on one exchange. */
export type Outcome =
  | {
      readonly kind: 'refreshed';
      readonly grant: TokenGrant;
      readonly traceId?: string;
      readonly correlationId?: string;
    }
  | {
      readonly kind: 'reconsent';
      /** True when the server said finally that this grant is dead; false when a second failure must confirm it. */
      readonly conclusive: boolean;
      /** True when an older refresh token might still work: the code says so, or is unknown. */
      readonly previousVersionMayWork: boolean;
      readonly facts: FailureFacts;
    }
  | { readonly kind: 'credential'; readonly facts: FailureFacts }
  | { readonly kind: 'configuration'; readonly facts: FailureFacts }
  | { readonly kind: 'policy'; readonly facts: FailureFacts }
  | { readonly kind: 'throttled'; readonly facts: FailureFacts; readonly retryAfterSeconds?: number }
  | { readonly kind: 'transient'; readonly facts: FailureFacts }
  | { readonly kind: 'unknown_outcome'; readonly facts: FailureFacts }
  | {
      readonly kind: 'malformed';
      readonly facts: FailureFacts;
      /** What the answer brought all the same: it is stored, whatever was wrong beside it. */
      readonly brought?: RefreshGrant;
      /** The answer held a new refresh token, and that is unusable. */
      readonly refreshTokenLost: boolean;
    };

export type OutcomeKind = Outcome['kind'];

/**
 * Whether somebody between the app and Entra may have written the answer, such as a proxy or a captive portal: it refuses
 * the client, or is no OAuth answer at all, and lacks the number that Entra's own refusals carry. It is worth a second look
 * before any account is held back for it.
 */
export function mayBeForeign({ kind, facts }: Exclude<Outcome, { kind: 'refreshed' }>): boolean {
  if (facts.httpStatus === undefined || facts.code.startsWith('AADSTS')) return false;
  return kind === 'credential' || (kind === 'configuration' && facts.oauthError === undefined);
}
