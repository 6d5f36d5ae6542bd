import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bicepVersion } from '../infra/check/bicep-version.ts';
import { findCli } from '../infra/check/check.ts';
import { buildMain } from '../infra/check/compile.ts';
import { compiledFile } from '../infra/check/stale.ts';
import { faultLine } from '../local/file-fault.ts';

const root = join(import.meta.dirname, '..');
const found = await findCli(root, true);
if ('missing' in found) throw new Error(`there is no Bicep compiler: ${found.missing}`);
const { template, faults } = await buildMain(found.cli, root);
for (const fault of faults) console.error(faultLine(fault));
if (template === undefined) throw new Error('the Bicep files do not compile');
await writeFile(join(root, compiledFile), template);
const other = found.cli.version === bicepVersion ? '' : `, not with ${bicepVersion}, which the check takes`;
console.log(
  `${compiledFile} ${(template.length / 1000).toFixed(0)} kB, built with Bicep ${found.cli.version}${other}`,
);
