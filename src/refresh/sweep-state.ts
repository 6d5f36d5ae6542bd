import type { CredentialRejection } from '../accounts/credential-tags.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import type { EpochSeconds } from '../time.ts';
import { concernsOneSecret, type VaultError } from '../vault/secret-vault.ts';
import { ClientGate } from './client-gate.ts';
import type { Credential, ReadCredential } from './credential.ts';
import type { RefreshEnvironment } from './environment.ts';

/** The version of a credential that is used in place of the newest, and why that is not. */
export interface Fallback {
  readonly credential: Credential;
  readonly passedOver: FailureFacts;
}

/** A client's credential that cannot be used, as all accounts of the client show it. */
export type Incident = Pick<CredentialRejection, 'code' | 'cause' | 'remedy' | 'traceId'> &
  Partial<Pick<CredentialRejection, 'since'>>;

/** Where a sweep was when its surroundings failed. */
export type SweepStage = 'list' | 'probe' | 'refresh' | 'complete';

/** What one sweep shares between its accounts. */
export class SweepState {
  readonly environment: RefreshEnvironment;
  readonly sweepId: string;
  readonly startedAt: EpochSeconds;
  /** No redemption starts after this moment; a store in progress is finished. */
  readonly deadline: EpochSeconds;
  readonly gate = new ClientGate();
  /** Credentials of clients, each read once a sweep. */
  readonly credentials = new Map<string, Promise<ReadCredential>>();
  /** What a client's accounts work with after its probe was rejected and the version before was not, by gate key. */
  readonly fallbacks = new Map<string, Fallback>();
  /** Clients for which an older version was accepted in this sweep, by credential secret and client. */
  readonly fallbackClients = new Set<string>();
  /** Rejections found in this sweep, by credential secret and client. */
  readonly rejections = new Map<string, Incident>();
  /** Credentials that Entra accepted in this sweep, by the same key. */
  readonly accepted = new Set<string>();
  /** Clients that a tenant asked to wait (429 with Retry-After), by client and tenant. */
  readonly throttled = new Map<string, { readonly until: EpochSeconds; readonly facts: FailureFacts }>();
  /** Which account publishes under which name; an account that was not read yet adds its own. */
  readonly publishers: Map<string, string>;
  #broken: VaultError | undefined;
  #untilNextRound: (() => void)[] = [];

  constructor(
    environment: RefreshEnvironment,
    sweepId: string,
    startedAt: EpochSeconds,
    deadline: EpochSeconds,
    publishers: Map<string, string> = new Map(),
  ) {
    this.environment = environment;
    this.publishers = publishers;
    this.sweepId = sweepId;
    this.startedAt = startedAt;
    this.deadline = deadline;
  }

  /** The vault failure after which nothing more is redeemed. */
  get broken(): VaultError | undefined {
    return this.#broken;
  }

  /**
   * Tells of a vault that failed. One that refuses, or that stayed away for as long as a write is tried, would
   * lose every further token; a fault of one secret concerns its account only.
   */
  reportWriteFailure(error: VaultError): void {
    if (!concernsOneSecret(error)) this.#broken ??= error;
  }

  /** What was found out and may pass is forgotten when the next round begins. */
  onNextRound(forget: () => void): void {
    this.#untilNextRound.push(forget);
  }

  beginRound(): void {
    for (const forget of this.#untilNextRound.splice(0)) forget();
  }

  /** True when a redemption may still start. */
  mayRedeem(now: EpochSeconds): boolean {
    return this.#broken === undefined && now < this.deadline;
  }
}
