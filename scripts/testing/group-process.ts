import { resolve } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

// Runs the test files named as arguments one after the other in this process. Each is a test around its tests, so that
// its hooks are for its own tests only and a file that cannot be loaded fails under its name.
// Node cancels tests that a file adds after an `await` of its own if those before it have ended: await first.
for (const file of process.argv.slice(2)) {
  await test(file, async () => {
    await import(pathToFileURL(resolve(file)).href);
  });
  // What has ended leaves for the parent now, even if the next file never lets go of the process.
  await setImmediate();
}
