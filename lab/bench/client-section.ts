import { Child } from './child-process.ts';
import { median, rotated } from './statistics.ts';
import type { Cost, TokenClientProcedures } from './token-client-process.ts';
import { type TokenClient, tokenClients } from './token-clients.ts';
import type { TokenEndpointProcedures } from './token-endpoint-process.ts';

export interface ClientBenchOptions {
  /** Of each measurement. */
  readonly seconds: number;
  readonly rounds: number;
  readonly concurrencies: readonly number[];
  /** Of each client, before anything is measured. */
  readonly warmUpRedemptions: number;
}

/** One client at one concurrency; medians over the rounds. */
export interface ClientFigures {
  readonly client: TokenClient;
  readonly concurrency: number;
  readonly cpuMillisecondsPerRedemption: number;
  readonly redemptionsPerSecond: number;
  /** Its CPU over that of another client in the same round. */
  readonly cpuRatioTo: Readonly<Record<TokenClient, number>>;
}

type ClientProcess = Child<TokenClientProcedures>;
/** What each client cost in one round at one concurrency. */
type ClientRound = ReadonlyMap<TokenClient, Cost>;

const cpuPerRedemption = ({ cpuMilliseconds, redemptions }: Cost): number => cpuMilliseconds / redemptions;

function costIn(round: ClientRound, client: TokenClient): Cost {
  const cost = round.get(client);
  if (cost === undefined) throw new RangeError(`no measurement of ${client}`);
  return cost;
}

function figuresOf(client: TokenClient, concurrency: number, rounds: readonly ClientRound[]): ClientFigures {
  const overRounds = (value: (round: ClientRound) => number): number => median(rounds.map(value));
  const cpu = (round: ClientRound, of: TokenClient): number => cpuPerRedemption(costIn(round, of));
  const ratios = tokenClients.map((other) => [
    other,
    overRounds((round) => cpu(round, client) / cpu(round, other)),
  ]);
  return {
    client,
    concurrency,
    cpuMillisecondsPerRedemption: overRounds((round) => cpu(round, client)),
    redemptionsPerSecond: overRounds((round) => {
      const { redemptions, elapsedMilliseconds } = costIn(round, client);
      return (redemptions / elapsedMilliseconds) * 1000;
    }),
    cpuRatioTo: Object.fromEntries(ratios) as Record<TokenClient, number>,
  };
}

/** One client after the other, never two at a time. */
async function measureRound(
  clients: ReadonlyMap<TokenClient, ClientProcess>,
  order: readonly TokenClient[],
  concurrency: number,
  seconds: number,
): Promise<ClientRound> {
  const round = new Map<TokenClient, Cost>();
  for (const name of order) {
    const cost = await clients.get(name)?.call('measure', { concurrency, milliseconds: seconds * 1000 });
    if (cost !== undefined) round.set(name, cost);
  }
  return round;
}

/**
 * CPU per redemption of each client in a process of its own, against one loopback endpoint in another. Rounds are
 * interleaved and their order rotates.
 */
export async function runClientSection(options: ClientBenchOptions): Promise<ClientFigures[]> {
  const { seconds, rounds, concurrencies, warmUpRedemptions } = options;
  using stack = new DisposableStack();
  const endpoint = stack.use(
    new Child<TokenEndpointProcedures>(new URL('token-endpoint-process.ts', import.meta.url)),
  );
  const canned = await endpoint.call('start', undefined);
  const prepared = tokenClients.map(async (client) => {
    const child: ClientProcess = stack.use(new Child(new URL('token-client-process.ts', import.meta.url)));
    await child.call('prepare', { ...canned, client, warmUpRedemptions });
    return [client, child] as const;
  });
  const clients = new Map(await Promise.all(prepared));
  const figures: ClientFigures[] = [];
  for (const concurrency of concurrencies) {
    const measured: ClientRound[] = [];
    for (let round = 0; round < rounds; round++) {
      measured.push(await measureRound(clients, rotated(tokenClients, round), concurrency, seconds));
    }
    figures.push(...tokenClients.map((client) => figuresOf(client, concurrency, measured)));
  }
  return figures;
}
