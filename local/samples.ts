import type { User } from '../src/accounts/entra-ids.ts';
import type { RefreshTokenSource } from '../src/accounts/refresh-token-secret.ts';
import type { EpochSeconds } from '../src/time.ts';

export interface SampleClient {
  readonly clientId: string;
  readonly secretName: string;
  /** How it proves itself; default: by a client secret. Only then `secret` counts. */
  readonly method?: 'client_secret' | 'certificate' | 'managed_identity' | 'none';
  /** Of a certificate's assertions; default: not registered. */
  readonly algorithm?: 'PS256' | 'RS256';
  readonly secret?: string;
  /** When the secret ends, known to Entra and noted in the vault. Default: never, and nothing is noted. */
  readonly secretExpiresAt?: EpochSeconds;
  /** Default: the consent callback on localhost and 127.0.0.1, whatever its port. */
  readonly redirectUris?: readonly string[];
  /** The permissions in its manifest, full names; default: none. */
  readonly permissions?: readonly string[];
}

/** A user as the sign-in page shows him. */
export interface SampleUser extends Partial<User> {
  readonly displayName: string;
  readonly userPrincipalName: string;
  /** Where he is a guest, and under which object id. */
  readonly guestIn?: readonly User[];
}

export type SampleAudience = { readonly scopes: readonly string[] } | { readonly resource: string };

export interface SampleAccount {
  readonly id: string;
  readonly client: SampleClient;
  readonly tenant?: string;
  readonly user?: User;
  /** The user's name; the registration then hints at him. Default: a name made of the account's id, and no hint. */
  readonly name?: Omit<SampleUser, keyof User>;
  /** v1 when given; otherwise v2 with `scopes`. */
  readonly resource?: string;
  readonly scopes?: readonly string[];
  /** Several access tokens by name, in place of `resource` and `scopes`; all for v1 or all for v2. */
  readonly tokens?: Readonly<Record<string, SampleAudience>>;
  readonly owner?: string;
  readonly minimumValidityMinutes?: number;
  /** A refresh token from a completed consent; default true. */
  readonly consented?: boolean;
  readonly source?: RefreshTokenSource;
  /** Publishes an access token with this much life left; none by default, negative for an expired one. */
  readonly accessTokenMinutesLeft?: number;
  readonly paused?: boolean;
  /** Written as the registration's value instead of the JSON made from the fields above. */
  readonly registration?: string;
}

/** What was made for a sample account. */
export interface SeededAccount {
  readonly id: string;
  readonly user: User;
  readonly refreshToken?: string;
  readonly grantId?: string;
}
