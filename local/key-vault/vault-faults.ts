import { forbiddenByRbac, KeyVaultRefusal, throttled, vaultIsReadOnly } from './vault-refusal.ts';
import type { VaultRequest, VaultWireOperation } from './vault-request.ts';

/**
 * - `throttle`: 429, without Retry-After unless given
 * - `status`, `commit_then_status`: an error answer, the second after the change was stored
 * - `reset`, `commit_then_reset`: the connection dies, before or after the change was stored
 * - `hang`, `commit_then_hang`: no answer ever comes, and the change was not, or was, stored
 * - `delay`: the answer is correct but late
 */
export type FaultBehaviour =
  | { readonly kind: 'throttle'; readonly retryAfterSeconds?: number }
  | {
      readonly kind: 'status' | 'commit_then_status';
      readonly status: number;
      readonly code: string;
      readonly innerCode?: string;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'reset' | 'commit_then_reset' | 'hang' | 'commit_then_hang' }
  | { readonly kind: 'delay'; readonly milliseconds: number };

type Hook = (request: VaultRequest) => void | Promise<void>;

export interface VaultFault {
  /** Default: any operation. */
  readonly operation?: VaultWireOperation | readonly VaultWireOperation[];
  /** Compared without regard to letter case. Default: any request, also one that names no secret. */
  readonly name?: string | RegExp;
  /** How many requests it strikes. Default: until removed. */
  readonly times?: number;
  /** Awaited before the request is looked at: the place to force another writer's change into a gap. */
  readonly before?: Hook;
  /** Awaited after the change was stored and before the answer leaves. */
  readonly after?: Hook;
  /** A function decides for each request; undefined lets it pass, uncounted. */
  readonly behaviour?: FaultBehaviour | ((request: VaultRequest) => FaultBehaviour | undefined);
}

interface FaultHandle {
  /** How many requests it struck so far. */
  readonly hits: number;
  remove(): void;
}

/** The connection gave no answer. */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault';
  readonly kind: 'reset' | 'hang';

  constructor(kind: 'reset' | 'hang') {
    super(`connection fault: ${kind}`);
    this.kind = kind;
  }
}

class ActiveVaultFault implements FaultHandle {
  readonly fault: VaultFault;
  readonly #faults: Set<ActiveVaultFault>;
  readonly #operations: ReadonlySet<VaultWireOperation> | undefined;
  hits = 0;

  constructor(fault: VaultFault, faults: Set<ActiveVaultFault>) {
    this.fault = fault;
    this.#faults = faults;
    const { operation } = fault;
    this.#operations = operation === undefined ? undefined : new Set([operation].flat());
  }

  remove(): void {
    this.#faults.delete(this);
  }

  /** What it does to the request; undefined when it does not strike. Counts the strike. */
  strike(request: VaultRequest): Strike | undefined {
    if (this.#operations?.has(request.operation) === false || !nameMatches(this.fault.name, request.name)) {
      return undefined;
    }
    const { before, after, behaviour } = this.fault;
    const decided = typeof behaviour === 'function' ? behaviour(request) : behaviour;
    if (typeof behaviour === 'function' && decided === undefined) return undefined;
    this.hits += 1;
    if (this.hits >= (this.fault.times ?? Number.POSITIVE_INFINITY)) this.remove();
    return { before, after, behaviour: decided };
  }
}

interface Strike {
  readonly before: Hook | undefined;
  readonly after: Hook | undefined;
  readonly behaviour: FaultBehaviour | undefined;
}

function nameMatches(pattern: string | RegExp | undefined, name: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (name === undefined) return false;
  // `search` ignores the state that a global or sticky expression keeps between calls.
  return typeof pattern === 'string'
    ? pattern.toLowerCase() === name.toLowerCase()
    : name.search(pattern) !== -1;
}

/** assumed: these, and none else, are refused while a vault is read-only. */
const changes: ReadonlySet<VaultWireOperation> = new Set(['set', 'update', 'delete']);

/** The switches that make a vault misbehave on demand; one for each vault, whatever adapter serves it. */
export class VaultFaults {
  /** The vault is served by its paired region: it can be read, not changed. */
  readOnly = false;
  /** Operations that the caller's roles do not allow. */
  readonly denied = new Set<VaultWireOperation>();
  readonly #faults = new Set<ActiveVaultFault>();

  add(fault: VaultFault): FaultHandle {
    const active = new ActiveVaultFault(fault, this.#faults);
    this.#faults.add(active);
    return active;
  }

  /** Removes every fault and opens every switch. */
  clear(): void {
    this.#faults.clear();
    this.denied.clear();
    this.readOnly = false;
  }

  /**
   * Carries a request out, or lets it fail as the faults say. All hooks run; of the behaviours, the one added
   * first is enacted. assumed: a role or a read-only vault refuses before the limits and the request's own content
   * are looked at. Throws what `commit` throws, {@link KeyVaultRefusal}, or {@link ConnectionFault}.
   *
   * @param commit does the work and gives the answer
   * @param sleep waits the given milliseconds
   */
  enact<T>(
    request: VaultRequest,
    commit: () => T,
    sleep: (milliseconds: number) => Promise<void>,
  ): T | Promise<T> {
    if (this.#faults.size > 0) {
      const strikes = this.#strikes(request);
      if (strikes.length > 0) return this.#enactStruck(request, strikes, commit, sleep);
    }
    this.#checkSwitches(request);
    return commit();
  }

  #strikes(request: VaultRequest): Strike[] {
    const strikes: Strike[] = [];
    for (const fault of [...this.#faults]) {
      const strike = fault.strike(request);
      if (strike !== undefined) strikes.push(strike);
    }
    return strikes;
  }

  async #enactStruck<T>(
    request: VaultRequest,
    strikes: readonly Strike[],
    commit: () => T,
    sleep: (milliseconds: number) => Promise<void>,
  ): Promise<T> {
    for (const { before } of strikes) await before?.(request);
    this.#checkSwitches(request);
    const behaviour = strikes.find((strike) => strike.behaviour !== undefined)?.behaviour;
    if (behaviour?.kind === 'delay') await sleep(behaviour.milliseconds);
    if (behaviour !== undefined) failBefore(behaviour);
    const answer = commit();
    for (const { after } of strikes) await after?.(request);
    if (behaviour !== undefined) failAfter(behaviour);
    return answer;
  }

  #checkSwitches(request: VaultRequest): void {
    if (this.denied.has(request.operation)) throw forbiddenByRbac(request);
    if (this.readOnly && changes.has(request.operation)) throw vaultIsReadOnly(request.operation);
  }
}

function failBefore(behaviour: FaultBehaviour): void {
  if (behaviour.kind === 'throttle') throw throttled(behaviour.retryAfterSeconds);
  if (behaviour.kind === 'status') throw refusal(behaviour);
  if (behaviour.kind === 'reset' || behaviour.kind === 'hang') throw new ConnectionFault(behaviour.kind);
}

function failAfter(behaviour: FaultBehaviour): void {
  if (behaviour.kind === 'commit_then_status') throw refusal(behaviour);
  if (behaviour.kind === 'commit_then_reset') throw new ConnectionFault('reset');
  if (behaviour.kind === 'commit_then_hang') throw new ConnectionFault('hang');
}

function refusal(behaviour: Extract<FaultBehaviour, { status: number }>): KeyVaultRefusal {
  return new KeyVaultRefusal({ ...behaviour, message: 'A fault that was asked for.' });
}
