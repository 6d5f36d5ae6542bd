import assert from 'node:assert/strict';
import { addWorldAccount, type WorldAccount } from '../../../lab/alerts/mishaps.ts';
import { MonitoredApp } from '../../../lab/alerts/monitored-app.ts';
import { LocalWorld } from '../../../local/local-world.ts';
import { type CompiledRule, loadCompiledRules } from '../../../local/monitor/compiled-rules.ts';
import type { Notification } from '../../../local/monitor/rule-evaluator.ts';
import type { SampleAccount, SampleClient } from '../../../local/samples.ts';
import { SeededRandom } from '../../../local/seeded-random.ts';
import { VirtualClock } from '../../../local/virtual-clock.ts';
import { startMilliseconds } from '../../support/world.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const startSeconds = startMilliseconds / 1000;

/** The deployment's rules; compiled once, they keep nothing between runs. */
export const rules: readonly CompiledRule[] = loadCompiledRules('https://refresher.example/api/status');

/** How long after a sweep's end its alert may come: the ingestion's latency, then the rule's next evaluation. */
export const tellingTime = 5 * minute + 15 * minute;

export const crm: SampleClient = {
  clientId: '11111111-1111-4111-8111-111111111111',
  secretName: 'client-secret-crm',
};

export interface MonitoredWorldOptions {
  /** Default: four, of one client. */
  readonly accounts?: readonly SampleAccount[];
  /** How long the world stood before the app began; default: no time. */
  readonly age?: number;
  /** Default: 60, so that every sweep refreshes every account. */
  readonly accessTokenMinutes?: number;
}

/** Accounts `a`, `b`, … of one client; four unless said. */
export function accountsOf(client: SampleClient, count = 4): SampleAccount[] {
  return [...'abcdefgh'].slice(0, count).map((id) => ({ id, client, owner: 'team-crm' }));
}

/**
 * The app with its alerts, two healthy hours old. Access tokens live an hour, so each sweep refreshes every account:
 * it is always the next sweep that meets a fault.
 */
export class MonitoredWorld extends LocalWorld {
  override readonly clock: VirtualClock;
  readonly accounts: readonly WorldAccount[];
  readonly app: MonitoredApp;

  private constructor({
    accounts = accountsOf(crm),
    age = 0,
    accessTokenMinutes = 60,
  }: MonitoredWorldOptions) {
    const clock = new VirtualClock(startMilliseconds - age);
    const random = new SeededRandom(1);
    super({
      clock,
      entra: {
        random: random.fork().next,
        accessTokenLifetimeSeconds: () => accessTokenMinutes * 60,
        accessTokenLength: 0,
        refreshTokenLength: 0,
      },
      vaults: { keptVersions: 8 },
    });
    this.clock = clock;
    this.accounts = accounts.map((sample) => addWorldAccount(this, sample));
    clock.advanceTo(startMilliseconds);
    const monitoredFrom = startMilliseconds + hour;
    this.app = new MonitoredApp({ world: this, clock, random, rules, monitoredFrom });
  }

  static async start(options: MonitoredWorldOptions = {}): Promise<MonitoredWorld> {
    const world = new MonitoredWorld(options);
    // Halfway between two ticks, so that nothing begins while a sweep runs.
    await world.pass(2 * hour + 15 * minute);
    return world;
  }

  /** The first account, which things happen to. */
  get a(): WorldAccount {
    const [first] = this.accounts;
    if (first === undefined) throw new Error('there is no account');
    return first;
  }

  get now(): number {
    return this.clock.nowMilliseconds();
  }

  async pass(milliseconds: number): Promise<void> {
    await this.app.runUntil(this.now + milliseconds);
    assert.deepEqual(this.app.warnings, []);
  }

  /** What was told, as `rule kind`, in order. */
  get told(): string[] {
    return this.app.notifications.map(({ rule, kind }) => `${rule.name} ${kind}`);
  }

  /** The only notification of a rule and kind. */
  only(rule: string, kind: Notification['kind']): Notification {
    const found = this.app.notifications.filter((one) => one.rule.name === rule && one.kind === kind);
    const [first] = found;
    assert.equal(found.length, 1, `${found.length} × ${rule} ${kind}: ${this.told.join(', ')}`);
    assert.ok(first);
    return first;
  }
}
