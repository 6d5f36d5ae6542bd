/** What is compared: the floor, this project's client, Microsoft's. */
export const tokenClients = ['undici.request', 'this project', '@azure/msal-node'] as const;
export type TokenClient = (typeof tokenClients)[number];

/** What each client is told to redeem. */
export interface Subject {
  /** Of the token endpoint; the process trusts its certificate. */
  readonly origin: string;
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
  readonly refreshToken: string;
}

/** Redeems once; rejects when no access token came. */
export type Redeem = () => Promise<void>;

/** Connections that a pool may open: the app's own default. */
export const openConnections = 32;

/** Throws unless an access token came. */
export function ensureToken(token: unknown): void {
  if (typeof token !== 'string' || token === '') throw new Error('the redemption brought no access token');
}

/**
 * Loads one client and nothing of the others: loading undici makes its pool the one that the global `fetch`, and
 * with it MSAL, goes through.
 */
export async function createTokenClient(name: TokenClient, subject: Subject): Promise<Redeem> {
  switch (name) {
    case 'undici.request':
      return (await import('./token-client-bare.ts')).createBareClient(subject);
    case 'this project':
      return (await import('./token-client-own.ts')).createOwnClient(subject);
    case '@azure/msal-node':
      return (await import('./token-client-msal.ts')).createMsalClient(subject);
    default:
      return name satisfies never;
  }
}
