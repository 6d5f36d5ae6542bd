import { parseArgs } from 'node:util';
import { formatAlertReport } from '../src/local/monitor/alert-report.ts';
import { simulateAlerts } from '../src/local/monitor/alert-simulation.ts';
import { judgeAlerts } from '../src/local/monitor/alert-verdict.ts';

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`--${option} must be a whole number of 1 or more, not "${text}"`);
}

const { values } = parseArgs({
  options: { days: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});
const simulation = await simulateAlerts({
  seed: wholeNumber('seed', values.seed),
  days: wholeNumber('days', values.days),
});
console.log(formatAlertReport(simulation));
const { violations } = judgeAlerts(simulation);
for (const violation of violations) console.error(`VIOLATION: ${violation}`);
process.exitCode = violations.length === 0 ? 0 : 1;
