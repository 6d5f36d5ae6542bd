import { Clients } from '../client/clients.ts';
import type { ClientEnvironment } from '../client/credential.ts';
import type { TokenEndpoint } from '../oauth/exchange.ts';
import type { Schedule } from '../planning/schedule.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { Deadline } from '../time.ts';
import { concernsOneSecret, VaultError } from '../vault/secret-vault.ts';
import type { PacedVault } from '../vault/write-pacer.ts';

/** What a sweep is told by the settings. */
export interface RefreshPolicy {
  readonly schedule: Schedule;
  readonly minimumValiditySeconds: number;
  readonly concurrency: number;
  readonly writesPerSecond: number;
  /** The longest expiry that a secret is written with: what Azure Policy allows on the vaults, if it rules there. */
  readonly secretExpirySeconds: number;
  readonly functionTimeoutSeconds: number;
  readonly additionalAuthorityHosts: readonly string[];
  readonly allowLoopback: boolean;
}

/** Everything outside that a sweep touches; made once a process. */
export interface RefreshEnvironment extends ClientEnvironment {
  readonly policy: RefreshPolicy;
  readonly credentials: PacedVault;
  readonly tokens: PacedVault;
  readonly endpoint: TokenEndpoint;
  /** 0 up to 1, for spreading pauses. */
  readonly random: () => number;
  readonly telemetry: Telemetry;
}

/** Something of each of the two vaults by its role; the same twice where both roles name one vault. */
export interface ByRole<T> {
  readonly credentials: T;
  readonly tokens: T;
}

/** Does it with each vault in use, at the same time. */
export async function withVaults<T>(
  { credentials, tokens }: ByRole<PacedVault>,
  action: (paced: PacedVault) => Promise<T>,
): Promise<ByRole<T>> {
  const first = action(credentials);
  const second = tokens === credentials ? first : action(tokens);
  const [ofCredentials, ofTokens] = await Promise.all([first, second]);
  return { credentials: ofCredentials, tokens: ofTokens };
}

/** The vaults in use: two, or one where both roles name the same. */
export function distinctVaults({ credentials, tokens }: ByRole<PacedVault>): PacedVault[] {
  return credentials === tokens ? [credentials] : [credentials, tokens];
}

/** What one sweep shares between its accounts. */
export class SweepState {
  readonly environment: RefreshEnvironment;
  readonly sweepId: string;
  readonly clients: Clients;
  readonly publishers: Map<string, string>;
  readonly #deadline: Deadline;
  /** The vault failure after which nothing more is redeemed. */
  broken: VaultError | undefined;
  /**
   * True when no state of an account is noted any more, and the next sweep finds the same again: behind the deadline the
   * vault did not answer, and waiting for it for each account would outlast the function timeout.
   */
  endsUnnoted = false;

  /**
   * @param deadline no redemption starts after it; a store in progress is finished
   * @param publishers which account publishes under which name; an account that was not read yet adds its own
   */
  constructor(
    environment: RefreshEnvironment,
    sweepId: string,
    deadline = new Deadline(environment.clock, Number.POSITIVE_INFINITY),
    publishers = new Map<string, string>(),
  ) {
    this.environment = environment;
    this.clients = new Clients(environment);
    this.sweepId = sweepId;
    this.#deadline = deadline;
    this.publishers = publishers;
  }

  /** Awaits a note that may be lost; behind the deadline the first one without an answer is the last. */
  async noting(note: Promise<void>): Promise<void> {
    try {
      await note;
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      if (this.#deadline.leftSeconds <= 0 && error.code === 'unreachable') this.endsUnnoted = true;
    }
  }

  /**
   * Tells of a vault that failed. One that refuses, or that stayed away for as long as a write is tried, would
   * lose every further token; a fault of one secret concerns its account only.
   */
  reportWriteFailure(error: VaultError): void {
    if (!concernsOneSecret(error)) this.broken ??= error;
  }

  /** True when a redemption may still start, now or after a pause. */
  mayRedeem(pauseSeconds = 0): boolean {
    return this.broken === undefined && pauseSeconds < this.#deadline.leftSeconds;
  }
}
