import { after, before, beforeEach } from 'node:test';
import { Browser, type ConsentApp, startConsentApp } from './consent-app.ts';

// One app for a test file, which has a process of its own.

export let app: ConsentApp;
/** Anew for each test: without cookies. */
export let browser: Browser;

/** What a file's own hook has to wait for: hooks of a whole file begin at once. */
export const started = startConsentApp().then((begun) => {
  app = begun;
});
before(() => started);

beforeEach(() => {
  browser = new Browser();
  app.lines.length = 0;
  for (const faults of ['entraFaults', 'credentialsFaults', 'tokensFaults'] as const)
    app.local.world[faults].clear();
});

after(() => app.close());
