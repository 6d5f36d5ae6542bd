import { after, before, beforeEach } from 'node:test';
import type { LogLine } from '../../../local/functions-host/app.ts';
import { type FunctionsHost, startFunctionsHost } from '../../../local/functions-host/functions-host.ts';
import { behaviour, observed } from '../../fixtures/functions/observed.ts';

export const lines: LogLine[] = [];
export let host: FunctionsHost;
export let hooksAtStart: string[];

/** One process, one app: the tests of a file share its host, and each finds what is observed emptied. */
export function shareHost(): void {
  before(async () => {
    host = await startFunctionsHost({
      entryPoints: ['app/*.ts'],
      appDirectory: new URL('../../fixtures/functions', import.meta.url).pathname,
      appSettings: { TICK_SCHEDULE: '0 */30 * * * *' },
      requestLimits: { bodyBytes: 1000, concurrent: 100, outstanding: 200 },
      log: (line) => lines.push(line),
    });
    hooksAtStart = [...observed.hooks];
  });

  after(() => host.stop());

  beforeEach(() => {
    lines.length = 0;
    observed.timers.length = 0;
    observed.hooks.length = 0;
    behaviour.tick = async () => undefined;
    observed.loggedIn.length = 0;
    behaviour.beforeInvocation = () => {};
    behaviour.afterInvocation = () => {};
  });
}
