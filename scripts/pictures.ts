import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { liveOn } from '../local/own-process.ts';
import { seedSampleAccounts } from '../local/sample-accounts.ts';
import { SkippingClock } from '../local/skipping-clock.ts';
import { BrowserApp } from '../test/browser/browser-app.ts';

const directory = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
mkdirSync(directory, { recursive: true });
const { CHROMIUM_PATH } = process.env;
liveOn(CHROMIUM_PATH === undefined ? {} : { CHROMIUM_PATH });

const app = await BrowserApp.start(new SkippingClock(Date.parse('2026-11-22T15:40:00Z')));
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
