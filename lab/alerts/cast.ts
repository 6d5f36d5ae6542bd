import type { LocalWorld } from '../../local/local-world.ts';
import type { SampleClient } from '../../local/samples.ts';
import type { SeededRandom } from '../../local/seeded-random.ts';
import { type EpochSeconds, secondsPerDay } from '../../src/time.ts';
import { addWorldAccount, type WorldAccount } from './mishaps.ts';

const accountsOfClient = 10;

/** On which day of the month the secret of each client ends; undefined: nobody noted it. */
const secretEndDays = [300, 300, 35, 20, undefined] as const;

/** How many days before the month the clients got their secrets: without an end they are 30 days old on day 10. */
export const daysBeforeStart = 20;

/** The accounts and clients of the simulated month: five clients with ten accounts each. */
export class Cast {
  readonly clients: readonly SampleClient[];
  readonly #random: SeededRandom;
  readonly #untouched: Set<WorldAccount>;

  /** @param start of the month */
  constructor(world: LocalWorld, start: EpochSeconds, random: SeededRandom) {
    this.#random = random;
    this.clients = secretEndDays.map((day, index) => ({
      clientId: `00000000-0000-4000-9000-00000000000${index + 1}`,
      secretName: `client-secret-${index + 1}`,
      ...(day === undefined ? {} : { secretExpiresAt: start + day * secondsPerDay }),
    }));
    const accounts = this.clients.flatMap((client, index) =>
      Array.from({ length: accountsOfClient }, (_, place) => {
        const number = String(index * accountsOfClient + place + 1).padStart(2, '0');
        return addWorldAccount(world, { id: `account-${number}`, client, owner: `team-${index + 1}` });
      }),
    );
    this.#untouched = new Set(accounts);
  }

  get size(): number {
    return this.clients.length * accountsOfClient;
  }

  /** One of the clients, from 1. @throws RangeError when there is none */
  client(number: number): SampleClient {
    const client = this.clients[number - 1];
    if (client === undefined) throw new RangeError(`no client ${number}`);
    return client;
  }

  /** An account that nothing has happened to, of one client or any. @throws RangeError when none is left */
  account(client?: SampleClient): WorldAccount {
    const fitting = [...this.#untouched].filter(
      ({ sample }) => client === undefined || sample.client === client,
    );
    const account = this.#random.pick(fitting);
    this.#untouched.delete(account);
    return account;
  }
}
