import { Cached } from '../status/cached.ts';
import { readSnapshot, type StatusSnapshot } from '../status/snapshot.ts';
import { listBoth } from '../sweep/listing.ts';
import { answerLimitSeconds, environmentFor, requestEnvironment } from './environment.ts';

const lifetimeSeconds = 60;
/** What this instance has listed last. */
let current: Cached<StatusSnapshot> | undefined;

function createSource(settings: NodeJS.ProcessEnv, write: (line: string) => void): Cached<StatusSnapshot> {
  const { clock } = environmentFor(settings, write);
  const take = async (): Promise<StatusSnapshot> => {
    const environment = requestEnvironment(settings, write);
    return readSnapshot(environment, await listBoth(environment, answerLimitSeconds));
  };
  return new Cached(take, clock, lifetimeSeconds);
}

/**
 * The state of all accounts, listed at most once a minute by each instance.
 *
 * @throws ConfigurationError when settings are wrong
 * @throws VaultError of a vault that could not be listed
 */
export async function statusSnapshot(
  settings: NodeJS.ProcessEnv,
  write: (line: string) => void,
): Promise<StatusSnapshot> {
  current ??= createSource(settings, write);
  return current.get();
}

/** Something has changed accounts: the next status lists the vaults anew. */
export function forgetStatus(): void {
  current?.forget();
}
