/** 1 to 64 of `a-z 0-9 -`, a letter or digit at both ends: what a secret's name allows, without capitals. */
const accountIdPattern = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;

const prefixes = {
  registration: 'account-',
  refreshToken: 'refresh-token-',
  accessToken: 'access-token-',
} as const;

/** The secrets of an account. */
type AccountSecretKind = keyof typeof prefixes;

/** The name of an account's secret, e.g. `refresh-token-contoso-ads`. */
export function secretName(kind: AccountSecretKind, id: string): string {
  return `${prefixes[kind]}${id}`;
}

/**
 * Reads `account-contoso-ads` as the registration of `contoso-ads`; undefined for names that are not ours. Key Vault
 * takes names in either case for the same and lists them as they were first written.
 */
export function parseSecretName(name: string): { kind: AccountSecretKind; id: string } | undefined {
  const lower = name.toLowerCase();
  for (const kind of ['registration', 'refreshToken', 'accessToken'] as const) {
    if (lower.startsWith(prefixes[kind])) return { kind, id: lower.slice(prefixes[kind].length) };
  }
  return undefined;
}

/** Paths of the consent pages stand beside the accounts' own. */
const reservedIds: ReadonlySet<string> = new Set(['callback', 'done']);

/** What is wrong with an account id, or undefined when it is a good one. */
export function accountIdFault(id: string): string | undefined {
  if (reservedIds.has(id)) return `The account id "${id}" is reserved for a page of the app.`;
  if (accountIdPattern.test(id)) return undefined;
  return `The account id "${id.slice(0, 80)}" is not 1 to 64 of a-z, 0-9 and - with a letter or digit at both ends.`;
}
