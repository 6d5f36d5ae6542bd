import { type EpochSeconds, secondsPerDay } from '../../src/time.ts';
import type { SecretHistory, SecretVersion } from './secret-history.ts';

export interface SoftDeleteSettings {
  /** 7 to 90, fixed when the vault is made. Default: 90. */
  readonly retentionDays: number;
  /** How long a secret is being deleted before it shows up among the deleted ones. Default: 5,000. */
  readonly deletionMilliseconds: number;
  /** How long a recovered secret takes to be readable again. Default: 5,000. */
  readonly recoveryMilliseconds: number;
  /** How long it refuses a new version from then on (terraform-provider-azurerm #12285, #12432). Default: 5,000. */
  readonly settlingMilliseconds: number;
}

export const defaultSoftDelete: SoftDeleteSettings = {
  retentionDays: 90,
  deletionMilliseconds: 5000,
  recoveryMilliseconds: 5000,
  settlingMilliseconds: 5000,
};

/** The attribute `recoveryLevel` of a vault without purge protection (recorded: Go TestCRUD, .NET Set_Twice). */
export function recoveryLevel({ retentionDays }: SoftDeleteSettings): string {
  return retentionDays < 90 ? 'CustomizedRecoverable+Purgeable' : 'Recoverable+Purgeable';
}

export interface DeletedSecret {
  /** The newest version. */
  readonly secret: SecretVersion;
  readonly deletedAt: EpochSeconds;
  readonly scheduledPurgeAt: EpochSeconds;
}

interface DeletedRecord {
  readonly history: SecretHistory;
  readonly deletedAt: EpochSeconds;
  readonly scheduledPurgeAt: EpochSeconds;
  readonly visibleFromMilliseconds: number;
  readonly activeFromMilliseconds?: number;
}

export type DeletionPhase = 'being_deleted' | 'deleted' | 'being_recovered';

/** The secrets that are deleted but recoverable, on their way there, or on their way back. */
export class SoftDeletedSecrets {
  readonly #settings: SoftDeleteSettings;
  readonly #records = new Map<string, DeletedRecord>();
  /** Of what was recovered and is active again: when its name may be used. */
  readonly #settledFromMilliseconds = new Map<string, number>();
  #nextChangeMilliseconds = Number.POSITIVE_INFINITY;

  constructor(settings: SoftDeleteSettings) {
    this.#settings = settings;
  }

  add(key: string, history: SecretHistory, nowMilliseconds: number): void {
    const deletedAt = Math.floor(nowMilliseconds / 1000);
    this.#put(key, {
      history,
      deletedAt,
      scheduledPurgeAt: deletedAt + this.#settings.retentionDays * secondsPerDay,
      visibleFromMilliseconds: nowMilliseconds + this.#settings.deletionMilliseconds,
    });
  }

  phase(key: string, nowMilliseconds: number): DeletionPhase | undefined {
    const record = this.#records.get(key);
    if (record === undefined) return this.#isSettling(key, nowMilliseconds) ? 'being_recovered' : undefined;
    if (record.activeFromMilliseconds !== undefined) return 'being_recovered';
    return nowMilliseconds < record.visibleFromMilliseconds ? 'being_deleted' : 'deleted';
  }

  get(key: string): DeletedSecret | undefined {
    const record = this.#records.get(key);
    const secret = record?.history.newest;
    if (record === undefined || secret === undefined) return undefined;
    return { secret, deletedAt: record.deletedAt, scheduledPurgeAt: record.scheduledPurgeAt };
  }

  recover(key: string, nowMilliseconds: number): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    const activeFromMilliseconds = nowMilliseconds + this.#settings.recoveryMilliseconds;
    this.#put(key, { ...record, activeFromMilliseconds });
  }

  histories(): SecretHistory[] {
    return [...this.#records.values()].map((record) => record.history);
  }

  /** Purges what was kept long enough, and gives what is recovered by now. */
  settle(nowMilliseconds: number): [key: string, history: SecretHistory][] {
    if (nowMilliseconds < this.#nextChangeMilliseconds) return [];
    const recovered: [string, SecretHistory][] = [];
    this.#nextChangeMilliseconds = Number.POSITIVE_INFINITY;
    for (const [key, record] of this.#records) {
      if (changesAt(record) > nowMilliseconds) {
        this.#nextChangeMilliseconds = Math.min(this.#nextChangeMilliseconds, changesAt(record));
        continue;
      }
      this.#records.delete(key);
      const { activeFromMilliseconds: activeFrom } = record;
      if (activeFrom === undefined) continue;
      this.#settledFromMilliseconds.set(key, activeFrom + this.#settings.settlingMilliseconds);
      recovered.push([key, record.history]);
    }
    return recovered;
  }

  #isSettling(key: string, nowMilliseconds: number): boolean {
    return nowMilliseconds < (this.#settledFromMilliseconds.get(key) ?? 0);
  }

  #put(key: string, record: DeletedRecord): void {
    this.#records.set(key, record);
    this.#nextChangeMilliseconds = Math.min(this.#nextChangeMilliseconds, changesAt(record));
  }
}

function changesAt(record: DeletedRecord): number {
  return record.activeFromMilliseconds ?? record.scheduledPurgeAt * 1000;
}
