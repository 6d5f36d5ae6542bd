import { parseArgs } from 'node:util';
import { formatAlertReport } from '../lab/alerts/alert-report.ts';
import { simulateAlerts } from '../lab/alerts/alert-simulation.ts';
import { judgeAlerts } from '../lab/alerts/alert-verdict.ts';
import { wholeNumber } from './whole-number.ts';

const { values } = parseArgs({
  options: { days: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});
const simulation = await simulateAlerts({
  seed: wholeNumber('seed', values.seed),
  days: wholeNumber('days', values.days, 1),
});
console.log(formatAlertReport(simulation));
const { violations } = judgeAlerts(simulation);
for (const violation of violations) console.error(`VIOLATION: ${violation}`);
process.exitCode = violations.length === 0 ? 0 : 1;
