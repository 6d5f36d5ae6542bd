import type { Exchange, TokenEndpoint } from '../../src/oauth/exchange.ts';
import type { TokenRequest } from '../../src/oauth/token-request.ts';

/** A refresh token that Entra returned to a process. */
interface Returned {
  readonly redeemed: string;
  readonly token: string;
}

/** What became of the refresh tokens that Entra returned. */
export interface TokenFates {
  stored: number;
  /** Dropped, because somebody had stored a newer one. */
  superseded: number;
  /** Not stored, and the loudest event said so. */
  notStoredAndTold: number;
  /** The event was wrong: the token had been stored after all. */
  storedButTold: number;
  /** Not stored and not a word about it: must not be. */
  notStoredUntold: number;
  /** The process died with it. */
  lostInCrash: number;
}

export function noFates(): TokenFates {
  return {
    stored: 0,
    superseded: 0,
    notStoredAndTold: 0,
    storedButTold: 0,
    notStoredUntold: 0,
    lostInCrash: 0,
  };
}

/** The values of the account's refresh-token versions that the token belongs to, oldest first. */
type StoredValues = (refreshToken: string) => readonly string[];

/** Keeps account of the refresh tokens that one process was given. */
export class TokenLedger {
  readonly #fates: TokenFates;
  readonly #returned = new Map<string, Returned>();
  readonly #told = new Set<string>();

  constructor(fates: TokenFates) {
    this.#fates = fates;
  }

  /** The endpoint, watched. */
  watch(endpoint: TokenEndpoint): TokenEndpoint {
    return {
      send: async (request) => {
        const exchange = await endpoint.send(request);
        this.#note(request, exchange);
        return exchange;
      },
    };
  }

  /** `RotatedTokenNotStored` was emitted. */
  tell(attemptId: string): void {
    this.#told.add(attemptId);
  }

  /** The process's sweep is over. */
  settle(hasCrashed: boolean, storedValues: StoredValues): void {
    for (const [attemptId, returned] of this.#returned) {
      const values = storedValues(returned.token);
      const isTold = this.#told.has(attemptId);
      if (values.includes(returned.token)) this.#fates[isTold ? 'storedButTold' : 'stored'] += 1;
      else if (isTold) this.#fates.notStoredAndTold += 1;
      else if (values.at(-1) !== returned.redeemed) this.#fates.superseded += 1;
      else this.#fates[hasCrashed ? 'lostInCrash' : 'notStoredUntold'] += 1;
    }
    this.#returned.clear();
    this.#told.clear();
  }

  #note(request: TokenRequest, exchange: Exchange): void {
    if (exchange.kind !== 'answered' || exchange.status !== 200) return;
    const attemptId = request.headers['client-request-id'];
    const redeemed = request.form.find(([name]) => name === 'refresh_token')?.[1];
    const { refresh_token: token } = JSON.parse(exchange.body.reveal()) as { refresh_token?: string };
    if (attemptId === undefined || redeemed === undefined || token === undefined) return;
    this.#returned.set(attemptId, {
      redeemed: typeof redeemed === 'string' ? redeemed : redeemed.reveal(),
      token,
    });
  }
}
