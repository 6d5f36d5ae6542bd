import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { VaultFaults } from '../../local/key-vault/vault-faults.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { SigningKeys, signingKeyName } from '../../src/consent/signing-key.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { type Clock, secondsPerDay } from '../../src/time.ts';
import { WritePacer } from '../../src/vault/write-pacer.ts';
import { TestWorld } from '../support/world.ts';

const { policy } = new TestWorld().environment;

/** The signing key's secret, and processes of the app that use it. */
export class KeyScene {
  readonly clock = new VirtualClock(Date.UTC(2026, 10, 22, 10));
  readonly state = new VaultState({ clock: this.clock });
  readonly faults = new VaultFaults();
  /** Of all processes together. */
  reads = 0;

  constructor() {
    const read = this.state.get.bind(this.state);
    this.state.get = (name, version) => {
      this.reads += 1;
      return read(name, version);
    };
  }

  /** A process of the app, with memory of its own. */
  process(expiryDays = 90, clock: Clock = this.clock): SigningKeys {
    const vault = new InMemoryVault({ state: this.state, faults: this.faults });
    const paced = { vault, pacer: new WritePacer(this.clock), setting: 'CREDENTIALS_VAULT_URL' as const };
    return new SigningKeys(paced, clock, { ...policy, secretExpirySeconds: expiryDays * secondsPerDay });
  }

  pass(seconds: number): void {
    this.clock.advanceTo(this.clock.nowMilliseconds() + seconds * 1000);
  }

  /** Reads that a call makes. */
  async readsOf(call: () => Promise<unknown>): Promise<number> {
    const before = this.reads;
    await call();
    return this.reads - before;
  }

  get versions() {
    return this.state.versionsOf(signingKeyName);
  }

  setByHand(value: string, tags: Record<string, string> = {}): string {
    return this.state.set(signingKeyName, { value: new Sensitive(value), tags }).version;
  }
}
