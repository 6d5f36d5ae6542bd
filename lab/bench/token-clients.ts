/** What is compared: the floor, this project's client, Microsoft's. */
export const tokenClients = ['undici.request', 'this project', '@azure/msal-node'] as const;
export type TokenClient = (typeof tokenClients)[number];

/** What each client is told to redeem. */
export interface RedemptionSubject {
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
