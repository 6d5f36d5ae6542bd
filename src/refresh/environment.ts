import type { ClientEnvironment } from '../client/credential.ts';
import type { TokenEndpoint } from '../oauth/exchange.ts';
import type { Schedule } from '../planning/schedule.ts';
import type { Telemetry } from '../telemetry/events.ts';
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
