import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePackage, packageFiles } from './package.ts';

const root = join(import.meta.dirname, '..');
const outDirectory = join(root, 'dist');

// The package gives no path to its command, only to its package.json.
const compiler = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
const { status } = spawnSync(process.execPath, [compiler, '-p', root], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

await makePackage({ root, outDirectory });
for (const file of packageFiles) {
  const { size } = await stat(join(outDirectory, file));
  console.log(`dist/${file} ${(size / 1000).toFixed(1)} kB`);
}
