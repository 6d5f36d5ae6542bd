import type { AccessToken, TokenCredential } from '@azure/identity';
import { codeWord, NoTokenError } from './call-failures.ts';

/** A credential that never gives nothing. */
interface LimitedCredential extends TokenCredential {
  getToken(...request: Parameters<TokenCredential['getToken']>): Promise<AccessToken>;
}

/**
 * A credential that gives a token within the limit or throws {@link NoTokenError}. The managed identity's own
 * repeats take about 5 s, and neither they nor a hanging endpoint obey an abort signal.
 */
export function limitedCredential(credential: TokenCredential, limitMilliseconds: number): LimitedCredential {
  return {
    async getToken(scopes, options) {
      const token = await withinLimit(credential.getToken(scopes, options), limitMilliseconds);
      if (token === null) throw new NoTokenError('no token');
      return token;
    },
  };
}

async function withinLimit<T>(promise: Promise<T>, limitMilliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoTokenError('no token in time')), limitMilliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } catch (error) {
    throw error instanceof NoTokenError ? error : new NoTokenError(nameOf(error));
  } finally {
    clearTimeout(timer);
  }
}

const nameOf = (error: unknown): string => codeWord(error instanceof Error && error.name) ?? 'no token';
