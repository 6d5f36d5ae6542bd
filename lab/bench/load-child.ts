import { createRequire } from 'node:module';
import { App } from '../../local/functions-host/app.ts';
import { provideCoreModule } from '../../local/functions-host/core-module.ts';

// Loads the bundle that it is told as the worker does, or nothing; bundled to plain JavaScript before it is timed.
provideCoreModule(new App(() => {}));
const [, , bundle] = process.argv;
if (bundle !== undefined) createRequire(bundle)(bundle);
