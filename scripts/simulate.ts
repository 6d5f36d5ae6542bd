import { parseArgs } from 'node:util';
import { simulate } from '../lab/simulation/simulation.ts';
import { formatReport, violations } from '../lab/simulation/simulation-report.ts';
import { wholeNumber } from './whole-number.ts';

const { values } = parseArgs({
  options: {
    redemptions: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    accounts: { type: 'string' },
  },
});
const report = await simulate({
  redemptions: wholeNumber('redemptions', values.redemptions),
  seed: wholeNumber('seed', values.seed),
  ...(values.accounts === undefined ? {} : { accounts: wholeNumber('accounts', values.accounts) }),
});
console.log(formatReport(report));
const found = violations(report);
for (const violation of found) console.error(`VIOLATION: ${violation}`);
process.exitCode = found.length === 0 ? 0 : 1;
