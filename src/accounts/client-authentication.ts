/** The methods by which a client proves itself without a secret of its own. */
export const secretlessMethods = ['managed_identity', 'none'] as const;
/** Every method by which a client may prove itself. Its file has no dependencies: the help of the command line names them. */
export const authenticationMethods = ['client_secret', 'certificate', ...secretlessMethods] as const;

/** The ways in which a client proves who it is. */
export type AuthenticationMethod = (typeof authenticationMethods)[number];

/** Signature algorithms of client assertions (RFC 7518 sections 3.3 and 3.5). */
export type AssertionAlgorithm = 'PS256' | 'RS256';

/** How the client proves who it is. */
export type RegisteredClientAuthentication =
  | {
      readonly method: 'client_secret';
      /** The secret in the credentials vault that holds the client secret. */
      readonly secretName: string;
    }
  | {
      readonly method: 'certificate';
      /** The secret in the credentials vault that holds private key and certificate in PEM. */
      readonly secretName: string;
      /** Default: `PS256`. */
      readonly algorithm?: AssertionAlgorithm;
    }
  /** The app's user-assigned managed identity, by a federated identity credential of the client. */
  | { readonly method: 'managed_identity' }
  /** Not at all: a public client (RFC 6749 section 2.1). */
  | { readonly method: 'none' };

/** The secret in the credentials vault that a client proves itself with; undefined when it needs none. */
export function credentialSecretOf(authentication: RegisteredClientAuthentication): string | undefined {
  return 'secretName' in authentication ? authentication.secretName : undefined;
}
