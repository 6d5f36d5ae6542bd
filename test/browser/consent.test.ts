import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { timerFunction } from '../../local/run-app.ts';
import { seedSampleAccounts } from '../../local/sample-accounts.ts';
import { BrowserApp, skip } from './browser-app.ts';
import type { Visit } from './visit.ts';

describe('consent in a browser', { skip }, () => {
  let app: BrowserApp;

  before(async () => {
    app = await BrowserApp.start();
    seedSampleAccounts(app.local.world);
  });

  after(() => app.close());

  /** The three clicks that lead from the status page to a healthy account. */
  async function consent(visit: Visit, id: string): Promise<void> {
    await visit.page.goto(app.statusUrl);
    await visit.click(`Get consent link for ${id}`);
    await visit.click('Continue to Microsoft');
    await visit.click('Accept');
    assert.equal(await visit.heading(), `${id} is ready`);
  }

  async function assertHealthy({ page }: Visit, id: string): Promise<void> {
    await page.goto(app.statusUrl);
    const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: id }) });
    await row.getByRole('cell').getByText('healthy', { exact: true }).waitFor();
    assert.equal(await row.getByRole('button').count(), 0);
    const token = app.local.world.refreshTokenOf(id);
    assert.ok(app.local.world.entra.accepts(token ?? ''));
  }

  test('three clicks from the status page make a pending account healthy', async (t: TestContext) => {
    const visit = await app.visit(t);
    await consent(visit, 'crm-new');
    await assertHealthy(visit, 'crm-new');
  });

  test('the same three clicks mend an account whose grant was revoked', async (t: TestContext) => {
    await app.host.runTimer(timerFunction);
    const visit = await app.visit(t);
    await consent(visit, 'crm-left');
    await assertHealthy(visit, 'crm-left');
  });

  test('neither code nor state nor link stands in the last address, nor in the history before it', async (t: TestContext) => {
    const account = app.register();
    const visit = await app.visit(t);
    const link = await app.openConsent(visit, account);
    await visit.click('Continue to Microsoft');
    const callback = visit.page.waitForRequest('**/api/consent/callback?*');
    await visit.click('Accept');
    const { searchParams } = new URL((await callback).url());
    const secrets = [
      new URL(link).searchParams.get('link'),
      searchParams.get('code'),
      searchParams.get('state'),
    ];
    const shown = visit.page.url() + (await visit.page.content());
    for (const secret of secrets) assert.ok(secret !== null && secret.length > 20 && !shown.includes(secret));
    assert.match(visit.page.url(), /\/api\/consent\/done\?receipt=/);
    await visit.page.goBack();
    assert.match(visit.page.url(), new RegExp(`^${app.local.urls.entra}/.*/authorize\\?`));
  });

  test('the whole consent works without JavaScript', async (t: TestContext) => {
    const { id } = app.register();
    const visit = await app.visit(t, { javaScriptEnabled: false });
    await consent(visit, id);
    await assertHealthy(visit, id);
  });

  test('the consent page and the sign-in are passed with the keyboard alone, and the focus is seen', async (t: TestContext) => {
    const account = app.register();
    const visit = await app.visit(t);
    await app.openConsent(visit, account);
    await visit.tabTo('Continue to Microsoft');
    assert.ok((await visit.focusOutlinePixels()) >= 2);
    await visit.page.keyboard.press('Enter');
    await visit.page.waitForURL(`${app.local.urls.entra}/**`);
    await visit.tabTo('Accept');
    await visit.page.keyboard.press('Enter');
    await visit.page.waitForURL('**/api/consent/done?*');
    assert.equal(await visit.heading(), `${account.id} is ready`);
  });

  test('on the status page every control is reached with the keyboard, and the focus is seen', async (t: TestContext) => {
    const { id } = app.register();
    const visit = await app.visit(t);
    await visit.page.goto(`${app.statusUrl}?account=${id}`);
    for (const name of ['Account', 'Client', 'State', 'Filter', `Get consent link for ${id}`]) {
      await visit.tabTo(name);
      assert.ok((await visit.focusOutlinePixels()) >= 2, name);
    }
    await visit.page.keyboard.press('Enter');
    await visit.page.waitForURL(`**/api/consent/for/${id}?link=*`);
  });
});
