/**
 * The room of clients: one client's credential in one sweep.
 *
 * In: a registration and its authority, and what attempts say of the credential. Out: the proof to send, whether an
 * account may be sent now, and the incident of a rejection. This file lets one account go first and learns from it;
 * `credential` reads and proves, `incident` remembers, `clients` keeps the clients of a sweep, `credential-report` tells
 * when credentials end.
 */

import type { RegisteredClientAuthentication } from '../accounts/client-authentication.ts';
import { readCredentialRejection } from '../accounts/credential-tags.ts';
import type { Tenant } from '../accounts/entra-ids.ts';
import type { Registration } from '../accounts/registration.ts';
import { tokenEndpointUrl } from '../oauth/authority.ts';
import { type FailureFacts, mayBeForeign, type Outcome } from '../oauth/outcome.ts';
import type { ClientAuthentication } from '../oauth/token-request.ts';
import type { Reason } from '../reason.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import {
  type ClientEnvironment,
  type Credential,
  type ReadCredential,
  readCredential,
  readPrevious,
  type UsableCredential,
} from './credential.ts';
import { CredentialIncident, type IncidentOptions } from './incident.ts';

/** The client's credential is rejected or unusable: no account's fault. `doubted`: looked at once more later. */
export interface CredentialFailure {
  readonly kind: 'credential';
  readonly facts: Reason;
  readonly doubted?: true;
}

/** Whether an account may be sent after its client: as the first one, as another, later, or not. */
type Entry = 'probe' | 'go' | 'wait' | CredentialFailure;

/**
 * Lets one account of a client go first in a sweep. If the client's credential is rejected, the others are not
 * sent after it: one rejected secret is one incident and one wasted request, however many accounts share it.
 */
export class ClientGate {
  /** What the next account is told. */
  #entry: Entry = 'probe';
  #doubtedIn: number | undefined;

  /** @param round of the sweep; a doubted credential is probed again in a later one */
  enter(round: number): Entry {
    if (this.#isDoubted && round > (this.#doubtedIn ?? 0)) this.#entry = 'probe';
    const entry = this.#entry;
    if (entry === 'probe') this.#entry = 'wait';
    return entry;
  }

  get #isDoubted(): boolean {
    return typeof this.#entry === 'object' && this.#entry.doubted === true;
  }

  /**
   * The answer may not have been Entra's: nobody else of this client is sent in this round. False when that was so
   * before in this sweep; then it counts.
   */
  doubt(facts: Reason, round: number): boolean {
    if (this.#doubtedIn !== undefined) return this.#isDoubted;
    this.#doubtedIn = round;
    this.#entry = { kind: 'credential', facts, doubted: true };
    return true;
  }

  /** The credential was rejected: nobody else of this client is sent. */
  reject(facts: Reason): void {
    this.#entry = { kind: 'credential', facts };
  }

  /** The probe came back; unless it brought a rejection, or one to look at again, the others may go. */
  open(): void {
    if (this.#entry === 'wait') this.#entry = 'go';
  }
}

type Throttled = Extract<Outcome, { kind: 'throttled' }>;

/** What an attempt says of the credential that it was made with; `nothing` does not count. */
export type CredentialVerdict =
  | 'accepted'
  | 'nothing'
  | 'not_sent'
  | Extract<Outcome, { kind: 'credential' }>;

/** An attempt at an account, and what it said. */
interface CredentialAttempt {
  readonly entry: 'probe' | 'go';
  readonly round: number;
  readonly credential: Credential;
  readonly verdict: CredentialVerdict;
}

interface ClientOptions extends IncidentOptions {
  readonly authentication: RegisteredClientAuthentication;
}

/**
 * One client at one authority in one sweep: its credential, read once; the gate while one account probes it; the older
 * version that serves in its stead; the incident of its rejection; and the pause that it was asked for.
 */
export class Client {
  readonly #environment: ClientEnvironment;
  readonly #options: ClientOptions;
  readonly #onVerdict: () => void;
  readonly incident: CredentialIncident;
  readonly #gate = new ClientGate();
  #reading: Promise<ReadCredential> | undefined;
  #read: ReadCredential | undefined;
  /** What serves in place of the newest version. */
  #fallback: UsableCredential | undefined;
  /** The version before, while the probe tries it. */
  #trial: UsableCredential | undefined;
  readonly #held = new Map<Tenant, { readonly until: EpochSeconds; readonly facts: FailureFacts }>();

  /** @param onVerdict called when a probe has come back */
  constructor(environment: ClientEnvironment, options: ClientOptions, onVerdict: () => void) {
    this.#environment = environment;
    this.#options = options;
    this.#onVerdict = onVerdict;
    this.incident = new CredentialIncident(environment, options);
  }

  get #now(): EpochSeconds {
    return nowSeconds(this.#environment.clock);
  }

  /**
   * The credential, read once; a failed reading is not remembered.
   *
   * @throws VaultError when the vault could not be read
   */
  async read(): Promise<ReadCredential> {
    const { authentication, authority } = this.#options;
    this.#reading ??= readCredential(this.#environment, authentication, authority);
    try {
      this.#read = await this.#reading;
      return this.#read;
    } catch (error) {
      this.#reading = undefined;
      throw error;
    }
  }

  /** The credential as {@link read} found it. */
  get credential(): ReadCredential {
    if (this.#read === undefined) throw new Error('the credential of a client was not read');
    return this.#read;
  }

  /** A reading that failed and may not any longer is made again. */
  beginRound(): void {
    if (this.#read?.ok !== false || this.#read.passing !== true) return;
    this.#reading = undefined;
    this.#read = undefined;
    this.incident.forget();
  }

  /**
   * The credential for a request that can be sent only once: the version before, while the newest is known to be
   * rejected.
   *
   * @throws VaultError when the vault could not be read
   */
  async readForOneTry(): Promise<ReadCredential> {
    const read = await this.read();
    const mark = read.ok ? readCredentialRejection(read.newest?.tags ?? {}) : undefined;
    if (!read.ok || mark?.fallback !== true || mark.clientId !== this.#options.clientId || read.passedOver)
      return read;
    const credential = await this.#previous(read.credential, mark.code);
    return credential === undefined ? read : { ...read, credential };
  }

  #previous(rejected: Credential, code: string): Promise<Credential | undefined> {
    return readPrevious(this.#environment, this.#options.authentication, rejected, code);
  }

  /** How the client proves itself with a credential at the token endpoint of one of its accounts, now. */
  authenticate(credential: Credential, { tenant, tokens }: Registration): Promise<ClientAuthentication> {
    const { authority, clientId } = this.#options;
    const audience = tokenEndpointUrl(authority, tenant, tokens[0].audience.endpoint);
    return credential.prove({ environment: this.#environment, clientId, audience });
  }

  /** Asks to be sent in a round, once {@link read}; whoever probes says {@link leave} afterwards. */
  enter(round: number): Entry {
    const read = this.credential;
    if (read.ok) return this.#gate.enter(round);
    this.incident.noteUnusable(read.facts);
    return { kind: 'credential', facts: read.facts, ...(read.passing && { doubted: read.passing }) };
  }

  /** The probe is back without a verdict on the credential, or with one that it has left here. */
  leave(): void {
    this.#gate.open();
    this.#onVerdict();
  }

  /** What the accounts of the client work with, once {@link read}. */
  get choice(): UsableCredential {
    return this.#fallback ?? this.#usable;
  }

  /**
   * Learns from an attempt. When the newest version was rejected, the probe tries the version before it, once, which is
   * given back: Entra may not know a new certificate yet, or a wrong secret was stored. If that is accepted the accounts
   * of the client work with it for the rest of the sweep, and the finding is noted; otherwise the gate is shut. A
   * rejection that need not be Entra's is looked at again in the next round first. Undefined when the attempt's own
   * result counts.
   */
  async learn({
    entry,
    round,
    credential,
    verdict,
  }: CredentialAttempt): Promise<Credential | CredentialFailure | undefined> {
    const trial = this.#trial?.credential === credential ? this.#trial : undefined;
    const isRefused = typeof verdict === 'object';
    if (trial?.passedOver !== undefined && (isRefused || verdict === 'not_sent'))
      return this.#refuse(trial.passedOver);
    if (!isRefused) {
      this.#fallback = trial ?? this.#fallback;
      if (verdict === 'accepted') await this.incident.noteAccepted(this.choice);
      return undefined;
    }
    const { facts } = verdict;
    if (mayBeForeign(verdict) && this.#gate.doubt(facts, round))
      return { kind: 'credential', facts, doubted: true };
    const previous =
      entry === 'probe' ? await this.#previous(this.#usable.credential, facts.code) : undefined;
    if (previous === undefined) return this.#refuse(facts);
    this.#trial = { ...this.#usable, credential: previous, passedOver: facts };
    return previous;
  }

  async #refuse(facts: Reason): Promise<CredentialFailure> {
    this.#gate.reject(facts);
    await this.incident.open(this.#usable.newest, facts);
    return { kind: 'credential', facts };
  }

  get #usable(): UsableCredential {
    const { credential } = this;
    if (!credential.ok) throw new Error('a client attempts nothing without a credential');
    return credential;
  }

  /** A 429 with Retry-After speaks for the client in that tenant; the loop limit (50196) only for one user. */
  hold(tenant: Tenant, { facts, retryAfterSeconds }: Throttled): void {
    if (facts.httpStatus !== 429 || retryAfterSeconds === undefined) return;
    this.#held.set(tenant, { until: this.#now + retryAfterSeconds, facts });
  }

  /** What an answer to a request of the client in that tenant would be; undefined once it may be sent. */
  heldIn(tenant: Tenant): Throttled | undefined {
    const held = this.#held.get(tenant);
    if (held === undefined || this.#now >= held.until) return undefined;
    return { kind: 'throttled', facts: held.facts, retryAfterSeconds: held.until - this.#now };
  }
}
