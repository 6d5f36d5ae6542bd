import { app } from '@azure/functions';
import { sweep } from '../src/app/invocations.ts';
import { defaultSchedule } from '../src/config.ts';

app.timer('refreshTokens', {
  // The host refuses a %SETTING% that is not set, so the default must stand here.
  schedule: process.env['REFRESH_SCHEDULE'] ? '%REFRESH_SCHEDULE%' : defaultSchedule,
  runOnStartup: false,
  handler: async (timer, context) => {
    const { invocationId } = context;
    await sweep({ trigger: 'timer', invocationId, pastDue: timer.isPastDue }, (line) => context.log(line));
  },
});
