import type { LocalSurroundings } from '../src/cli/session.ts';
import { parseSchedule } from '../src/planning/schedule.ts';
import { nowSeconds, secondsPerMinute } from '../src/time.ts';
import { startLocalEnvironment } from './local-environment.ts';
import { liveOn } from './own-process.ts';
import { seedSampleAccounts } from './sample-accounts.ts';
import { SkippingClock } from './skipping-clock.ts';

/** A minute before a tick, so that what is due does not depend on when somebody tries it. */
function clockBeforeTick(): SkippingClock {
  const clock = new SkippingClock();
  const parsed = parseSchedule('0 */30 * * * *');
  if (!parsed.ok) throw new Error(parsed.fault);
  const tick = parsed.schedule.nextTickAfter(nowSeconds(clock) + secondsPerMinute);
  clock.moveTo((tick - secondsPerMinute) * 1000);
  return clock;
}

/** The local environment with the sample accounts of the demo, for one command of the command line. */
export async function startSampleAccounts(): Promise<LocalSurroundings> {
  const clock = clockBeforeTick();
  const local = await startLocalEnvironment({ clock });
  seedSampleAccounts(local.world);
  const settings = { PUBLIC_URL: 'https://my-refresher.azurewebsites.net', ...local.appSettings };
  liveOn(local.appSettings);
  return { settings, clock, close: () => local.close() };
}
