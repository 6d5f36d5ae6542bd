import { type EpochSeconds, isoTime, latestEpochSeconds } from '../time.ts';
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

const runningNames = { since: 'running-sweep-since', until: 'running-sweep-until' } as const;

const owned: ReadonlySet<string> = new Set([...Object.values(names), ...Object.values(runningNames)]);

/** A whole sweep that was begun and did not end, as far as anybody knows: an advice to others, which nothing rests on. */
export interface RunningSweep {
  readonly since: EpochSeconds;
  /** When it has ended in any case; until then the mark of one whose process died stays. */
  readonly until: EpochSeconds;
}

const moment = (text: string | undefined): EpochSeconds => Math.floor(Date.parse(text ?? '') / 1000);

/** The sweep that runs at the given moment; undefined when none does, or what is noted cannot be read. */
export function readRunningSweep(tags: Tags, now: EpochSeconds): RunningSweep | undefined {
  const since = moment(tags[runningNames.since]);
  const until = moment(tags[runningNames.until]);
  return since >= 0 && now < until && until <= latestEpochSeconds ? { since, until } : undefined;
}

/** The heartbeat's tags with the mark of a sweep that begins, or without any mark; what the last one left stays. */
export function runningSweepTags(present: Tags, running: RunningSweep | undefined): Tags {
  const mark = running && {
    [runningNames.since]: isoTime(running.since),
    [runningNames.until]: isoTime(running.until),
  };
  return mergeTags(present, new Set(Object.values(runningNames)), mark ?? {});
}

/** The last sweep's duration in seconds; undefined when no sweep was completed yet. */
export function readLastDurationSeconds(tags: Tags): number | undefined {
  const seconds = Number(tags[names.duration]);
  return Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : undefined;
}

const count = (text: string | undefined): number => (/^\d{1,9}$/.test(text ?? '') ? Number(text) : 0);

/** What the last completed sweep left behind; undefined when none did, counts that somebody broke are 0. */
export function readHeartbeat(tags: Tags): Heartbeat | undefined {
  const completedAt = Date.parse(tags[names.completedAt] ?? '') / 1000;
  if (!(completedAt >= 0 && completedAt <= latestEpochSeconds)) return undefined;
  return {
    completedAt: Math.floor(completedAt),
    durationSeconds: readLastDurationSeconds(tags) ?? 0,
    accounts: count(tags[names.accounts]),
    refreshed: count(tags[names.refreshed]),
    failing: count(tags[names.failing]),
    build: tags[names.build] ?? '',
  };
}

/** The heartbeat's whole tag map after a completed sweep, which no longer runs. */
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
