#!/usr/bin/env node
// From a checkout: the sources are TypeScript, which Node runs from 24 on; an older one hands over to the Node that
// `npm ci` brought.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./checkout.ts', import.meta.url));

function nodeOfCheckout() {
  try {
    const directory = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const node = join(directory, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

function handOver(node) {
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends its signals to both; whoever signals this process alone means the child.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import('./checkout.ts');
} else {
  const node = nodeOfCheckout();
  if (node === undefined) {
    process.stderr.write(
      'This needs Node 24, which comes with the dependencies. Run npm ci in the checkout.\n',
    );
    process.exitCode = 2;
  } else {
    handOver(node);
  }
}
