import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { seedSampleAccounts } from '../src/local/sample-accounts.ts';
import type { Clock } from '../src/time.ts';
import { BrowserApp } from '../test/browser/browser-app.ts';

/** Stands still, so that the pictures tell the same times whenever they are made; sleeping moves it. */
class StillClock implements Clock {
  #now = Date.UTC(2026, 10, 22, 15, 40);

  nowMilliseconds(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    return Promise.resolve();
  }
}

const directory = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
mkdirSync(directory, { recursive: true });
process.env['NO_PROXY'] = '127.0.0.1,localhost';

const app = await BrowserApp.start(new StillClock());
try {
  seedSampleAccounts(app.local.world);
  const desktop = await app.open({ viewport: { width: 1180, height: 640 } });
  await desktop.page.goto(app.statusUrl);
  await desktop.page.screenshot({ path: `${directory}status-page.png` });
  const phone = await app.open({
    viewport: { width: 390, height: 720 },
    deviceScaleFactor: 1.5,
    isMobile: true,
  });
  await app.openConsent(phone, { id: 'crm-new' });
  await phone.page.screenshot({ path: `${directory}consent-page.png` });
} finally {
  await app.close();
}
