import { type EpochSeconds, isoTime } from '../time.ts';
import { definedTags, mergeTags, type Tags } from './secret.ts';

export const heartbeatName = 'refresher-heartbeat';
/** Written instead by the sweep of one account, which must not hide what the last whole sweep left. */
export const probeName = 'refresher-probe';
export const heartbeatContentType = 'text/plain';

/** What the last completed sweep left behind; the next one takes its slack from it. */
export interface Heartbeat {
  readonly completedAt: EpochSeconds;
  readonly durationSeconds: number;
  readonly accounts: number;
  readonly refreshed: number;
  readonly failing: number;
  /** Version of the app that swept. */
  readonly build: string;
}

const names = {
  completedAt: 'last-sweep-completed-at',
  duration: 'last-sweep-duration-seconds',
  accounts: 'last-sweep-accounts',
  refreshed: 'last-sweep-refreshed',
  failing: 'last-sweep-failing',
  build: 'last-sweep-build',
} as const;

const owned: ReadonlySet<string> = new Set(Object.values(names));

/** The last sweep's duration in seconds; undefined when no sweep was completed yet. */
export function readLastDurationSeconds(tags: Tags): number | undefined {
  const seconds = Number(tags[names.duration]);
  return Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : undefined;
}

/** The heartbeat's whole tag map after a completed sweep. */
export function heartbeatTags(present: Tags, heartbeat: Heartbeat): Tags {
  return mergeTags(
    present,
    owned,
    definedTags({
      [names.completedAt]: isoTime(heartbeat.completedAt),
      [names.duration]: String(heartbeat.durationSeconds),
      [names.accounts]: String(heartbeat.accounts),
      [names.refreshed]: String(heartbeat.refreshed),
      [names.failing]: String(heartbeat.failing),
      [names.build]: heartbeat.build,
    }),
  );
}
