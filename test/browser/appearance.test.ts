import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { timerFunction } from '../../local/run-app.ts';
import { seedSampleAccounts } from '../../local/sample-accounts.ts';
import { BrowserApp, skip } from './browser-app.ts';
import { contrastRatio, readableTexts } from './contrast.ts';
import type { Visit } from './visit.ts';

/** WCAG 2.2, 1.4.3, level AA for text of any size. */
const minimumContrast = 4.5;
/** Build output, for people to look at. */
const screenshots = fileURLToPath(new URL('../../build/screenshots/', import.meta.url));

const devices: Readonly<Record<string, BrowserContextOptions>> = {
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 900 } },
};

async function assertReadable(page: Page): Promise<void> {
  const texts = await readableTexts(page);
  assert.ok(texts.length > 1);
  for (const { text, color, background } of texts) {
    const ratio = contrastRatio(color, background);
    assert.ok(ratio >= minimumContrast, `${ratio.toFixed(2)} for "${text}", ${color} on ${background}`);
  }
}

async function assertFits(page: Page): Promise<void> {
  const { scrollWidth, clientWidth } = await page
    .locator('html')
    .evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }));
  assert.equal(scrollWidth, clientWidth);
}

/** What a screen reader goes by. */
async function assertStructured(page: Page): Promise<void> {
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.notEqual((await page.title()).trim(), '');
  assert.equal(await page.locator('h1').count(), 1);
  assert.equal(await page.getByRole('main').count(), 1);
  for (const control of await page.locator('input:not([type=hidden]), select, button').all()) {
    assert.match(await control.ariaSnapshot(), /^- \w+ "[^"]+"/);
  }
}

describe('every page is readable, structured and fits the screen', { skip }, () => {
  let app: BrowserApp;

  before(async () => {
    app = await BrowserApp.start();
    seedSampleAccounts(app.local.world);
    await app.host.runTimer(timerFunction);
  });

  after(() => app.close());

  const walks: [page: string, walk: (visit: Visit) => Promise<unknown>][] = [
    ['status', ({ page }) => page.goto(app.statusUrl)],
    ['status-empty', ({ page }) => page.goto(`${app.statusUrl}?account=nobody`)],
    ['status-refused', ({ page }) => page.goto(`${app.statusUrl}?code=a-key`)],
    ['consent', (visit) => app.openConsent(visit, { id: 'crm-left' })],
    ['sign-in', toSignIn],
    [
      'declined',
      async (visit) => {
        await toSignIn(visit);
        await visit.click('Cancel');
      },
    ],
    [
      'other-user',
      async (visit) => {
        await toSignIn(visit);
        await visit.page.getByRole('radio', { name: 'Adele Vance' }).check();
        await visit.click('Accept');
      },
    ],
    [
      'sign-in-refused',
      async (visit) => {
        await toSignIn(visit);
        await visit.page.getByRole('radio', { name: 'Jordan Miller' }).check();
        await visit.click('Accept');
      },
    ],
    ['link-incomplete', ({ page }) => page.goto(app.statusUrl.replace('status', 'consent/for/crm-left'))],
    [
      'completed',
      async (visit) => {
        await app.openConsent(visit, app.register());
        await visit.click('Continue to Microsoft');
        await visit.click('Accept');
      },
    ],
  ];

  async function toSignIn(visit: Visit): Promise<void> {
    await app.openConsent(visit, { id: 'crm-left' });
    await visit.click('Continue to Microsoft');
  }

  for (const [name, walk] of walks) {
    for (const [device, options] of Object.entries(devices)) {
      test(`${name} on a ${device}, light and dark`, async (t: TestContext) => {
        const visit = await app.visit(t, options);
        await walk(visit);
        const { page } = visit;
        await assertStructured(page);
        await assertFits(page);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          const path = `${screenshots}${name}-${device}-${colorScheme}.png`;
          await page.screenshot({ path, fullPage: true });
          await assertReadable(page);
        }
      });
    }
  }
});
