import { type FaultBehaviour, VaultFaults } from '../../local/key-vault/vault-faults.ts';
import { KeyVaultRefusal } from '../../local/key-vault/vault-refusal.ts';
import type { VaultRequest, VaultWireOperation } from '../../local/key-vault/vault-request.ts';
import type { SeededRandom } from '../../local/seeded-random.ts';
import type { FaultLog } from './fault-log.ts';
import { rates } from './rates.ts';
import { isOncePerSweep, type Step, stepOf, type VaultRole } from './steps.ts';

/** Something that is wrong with a vault for a while. */
export type VaultOutage =
  /** Served by the paired region after a failover. */
  | { readonly kind: 'failover' }
  | { readonly kind: 'forbidden'; readonly operations: readonly VaultWireOperation[] }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'down' };

const status = { status: 503, code: 'ServiceUnavailable' } as const;

const singleFaults: readonly FaultBehaviour[] = [
  { kind: 'throttle' },
  { kind: 'throttle', retryAfterSeconds: 7 },
  { kind: 'reset' },
  { kind: 'commit_then_reset' },
  { kind: 'hang' },
  { kind: 'commit_then_hang' },
  { kind: 'status', ...status },
  { kind: 'commit_then_status', ...status },
  { kind: 'delay', milliseconds: 6000 },
];

const downFaults: readonly FaultBehaviour[] = [
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'status', ...status },
];

function kindWord(behaviour: FaultBehaviour): string {
  const waits = behaviour.kind === 'throttle' && behaviour.retryAfterSeconds !== undefined;
  return waits ? 'throttle with Retry-After' : behaviour.kind.replaceAll('_', ' ');
}

function faultShare(step: Step): number {
  if (step.endsWith('list')) return rates.pageFaultShare;
  return isOncePerSweep(step) ? rates.onceFaultShare : rates.vaultFaultShare;
}

/** Lets one vault's requests fail at random, and puts outages upon it. */
export class VaultFaultInjector extends VaultFaults {
  /** Single faults are injected only while this is set. */
  active = false;
  readonly role: VaultRole;
  readonly #random: SeededRandom;
  readonly #log: FaultLog;
  readonly #outages = new Set<VaultOutage>();

  constructor(role: VaultRole, random: SeededRandom, log: FaultLog) {
    super();
    this.role = role;
    this.#random = random;
    this.#log = log;
    this.add({ behaviour: (request) => this.#strike(request) });
  }

  /** Lets the vault answer nothing until the promise is settled. */
  async silentDuring(pause: Promise<void>): Promise<void> {
    const silence = { kind: 'down' } as const;
    this.begin(silence);
    await pause;
    this.end(silence);
  }

  begin(outage: VaultOutage): void {
    this.#outages.add(outage);
    this.#setSwitches();
  }

  end(outage: VaultOutage): void {
    this.#outages.delete(outage);
    this.#setSwitches();
  }

  override enact<T>(
    request: VaultRequest,
    commit: () => T,
    sleep: (milliseconds: number) => Promise<void>,
  ): T | Promise<T> {
    return super.enact(request, () => this.#commit(request, commit), sleep);
  }

  /** Here only the vault's own limit refuses with 429. */
  #commit<T>(request: VaultRequest, commit: () => T): T {
    try {
      return commit();
    } catch (error) {
      const isLimit = error instanceof KeyVaultRefusal && error.status === 429;
      if (isLimit) this.#log.count('vault write limit', this.#stepOf(request));
      throw error;
    }
  }

  #stepOf({ operation, name = '' }: VaultRequest): Step {
    return stepOf({ place: this.role, operation, name });
  }

  #setSwitches(): void {
    const outages = [...this.#outages];
    this.readOnly = outages.some(({ kind }) => kind === 'failover');
    this.denied.clear();
    for (const outage of outages) {
      if (outage.kind !== 'forbidden') continue;
      for (const operation of outage.operations) this.denied.add(operation);
    }
  }

  #strike(request: VaultRequest): FaultBehaviour | undefined {
    if (!this.active && this.#outages.size === 0) return undefined;
    const step = this.#stepOf(request);
    const refusal = this.#switchedOff(request.operation);
    if (refusal !== undefined) this.#log.count(`vault ${refusal}`, step);
    const behaviour =
      refusal === undefined ? (this.#outageBehaviour() ?? this.#singleFault(step)) : undefined;
    if (behaviour !== undefined) this.#log.count(`vault ${kindWord(behaviour)}`, step);
    return behaviour;
  }

  /** How the vault itself refuses the operation at present. */
  #switchedOff(operation: VaultWireOperation): string | undefined {
    if (this.denied.has(operation)) return '403 forbidden';
    const isChange = operation === 'set' || operation === 'update';
    return this.readOnly && isChange ? '503 read-only' : undefined;
  }

  #outageBehaviour(): FaultBehaviour | undefined {
    for (const outage of this.#outages) {
      if (outage.kind === 'down') return this.#random.pick(downFaults);
      if (outage.kind !== 'throttled' || !this.#random.chance(rates.throttledShare)) continue;
      const { retryAfterSeconds } = outage;
      return { kind: 'throttle', ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    }
    return undefined;
  }

  #singleFault(step: Step): FaultBehaviour | undefined {
    return this.active && this.#random.chance(faultShare(step)) ? this.#random.pick(singleFaults) : undefined;
  }
}
