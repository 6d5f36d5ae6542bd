import { join } from 'node:path';
import { run } from 'node:test';
import type { TestGroup } from './groups.ts';

/** An event of `node:test`; only what is used of it. */
export interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    /** 0 for a file, or for the process of its group. */
    readonly nesting: number;
    readonly file?: string;
    readonly skip?: unknown;
    readonly todo?: unknown;
    readonly details?: {
      readonly duration_ms: number;
      readonly type?: 'suite' | 'test';
      readonly error?: Error & { readonly failureType?: string };
    };
  };
}

export interface RunOptions {
  /** How many processes at a time. */
  readonly processes: number;
  /** The whole environment of the tests. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where the processes of covered groups leave what V8 counted; none is counted without it. */
  readonly coverageDirectory?: string;
  readonly report: {
    take(event: TestEvent, group: TestGroup): void;
    /** The group's process has ended. */
    end(group: TestGroup): void;
  };
}

const compileCache = { NODE_COMPILE_CACHE: join(import.meta.dirname, '../../.cache/test/compiled') };

/** Only for a test that hangs: a busy machine may take many times as long as an idle one. */
const testLimitMilliseconds = 300_000;
/** For what holds the process itself: an endless loop, a server that was not closed. */
const groupLimitMilliseconds = 600_000;

/** Runs each group in a process of its own, in order, as many at a time as said. */
export async function runGroups(groups: readonly TestGroup[], options: RunOptions): Promise<void> {
  const waiting = [...groups];
  const work = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      for await (const event of start(group, options)) options.report.take(event as TestEvent, group);
      options.report.end(group);
    }
  };
  await Promise.all(Array.from({ length: options.processes }, work));
}

function start(group: TestGroup, { environment, coverageDirectory }: RunOptions) {
  const isCovered = group.isCovered && coverageDirectory !== undefined;
  return run({
    files: [join(import.meta.dirname, 'group-process.ts')],
    argv: group.files,
    // Without the types and compiled, from the second run on; what is counted has to be compiled anew.
    env: { ...environment, ...(isCovered ? { NODE_V8_COVERAGE: coverageDirectory } : compileCache) },
    timeout: testLimitMilliseconds,
    signal: AbortSignal.timeout(groupLimitMilliseconds),
  });
}
