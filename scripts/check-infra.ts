import { join } from 'node:path';
import { checkInfra, findCli } from '../infra/check/check.ts';
import { faultLine, sortedFaults } from '../local/file-fault.ts';

// BICEP_CLI=<path> takes that compiler, BICEP_CLI=none does without.
const root = join(import.meta.dirname, '..');
const { groups, skipped } = await checkInfra(root, await findCli(root, true));
for (const { name, summary, faults } of groups) {
  console.log(faults.length === 0 ? `ok    ${name}: ${summary}` : `FAIL  ${name}`);
  for (const fault of sortedFaults(faults)) console.log(`  ${faultLine(fault)}`);
}
if (skipped !== undefined) console.log(skipped);
process.exitCode = groups.every(({ faults }) => faults.length === 0) ? 0 : 1;
