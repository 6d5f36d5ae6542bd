import type { AppProcedures } from './app-process.ts';
import { Child } from './child-process.ts';
import type { EmulatorsProcedures } from './emulators-process.ts';

export interface StatusBenchOptions {
  readonly accounts: number;
}

/** The status page as a browser gets it: from the request to the last byte. */
export interface StatusFigures {
  readonly accounts: number;
  /** Accounts on the page. */
  readonly shown: number;
  readonly pageKilobytes: number;
  /** The first request of a new process, which lists both vaults. */
  readonly coldSeconds: number;
  /** The slowest of the requests after it. */
  readonly cachedSeconds: number;
}

const cachedRequests = 5;

interface StatusVisit {
  readonly seconds: number;
  readonly page: string;
}

async function visit(url: string): Promise<StatusVisit> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/status`);
  const page = await response.text();
  if (!response.ok) throw new Error(`the status page answered ${response.status}`);
  return { seconds: (performance.now() - startedAt) / 1000, page };
}

/** The status page of the app, served by a process of its own that reads the emulators in another. */
export async function runStatusSection({ accounts }: StatusBenchOptions): Promise<StatusFigures> {
  using emulators = new Child<EmulatorsProcedures>(new URL('emulators-process.ts', import.meta.url));
  using app = new Child<AppProcedures>(new URL('app-process.ts', import.meta.url));
  const { url } = await app.call('serve', await emulators.call('start', { oneVault: false, accounts }));
  const cold = await visit(url);
  const cached: StatusVisit[] = [];
  while (cached.length < cachedRequests) cached.push(await visit(url));
  return {
    accounts,
    shown: cold.page.match(/<th scope="row"><span class="id">account-/g)?.length ?? 0,
    pageKilobytes: Buffer.byteLength(cold.page) / 1024,
    coldSeconds: cold.seconds,
    cachedSeconds: Math.max(...cached.map(({ seconds }) => seconds)),
  };
}
