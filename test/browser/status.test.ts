import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { timerFunction } from '../../local/run-app.ts';
import { seedSampleAccounts } from '../../local/sample-accounts.ts';
import { BrowserApp, skip } from './browser-app.ts';
import type { Visit } from './visit.ts';

const crm = '6731de76-14a6-49ae-97bc-6eba6914391e';

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

describe('the status page in a browser', { skip }, () => {
  let app: BrowserApp;

  before(async () => {
    app = await BrowserApp.start();
    seedSampleAccounts(app.local.world);
    await app.host.runTimer(timerFunction);
  });

  after(() => app.close());

  async function open(t: TestContext): Promise<Visit> {
    const visit = await app.visit(t);
    await visit.page.goto(app.statusUrl);
    return visit;
  }

  const section = ({ page }: Visit, name: string) =>
    page.getByRole('region', { name: new RegExp(`^${name} \\(\\d+\\)$`) });

  /** The accounts of a section, as they stand. */
  function accounts(visit: Visit, name: string): Promise<string[]> {
    return section(visit, name).locator('th > .id').allTextContents();
  }

  async function shown(visit: Visit): Promise<string[]> {
    return [...(await accounts(visit, 'Needs a human')), ...(await accounts(visit, 'Other accounts'))];
  }

  test('shows what needs a human first, the most urgent on top, each with what to do', async (t: TestContext) => {
    const visit = await open(t);
    const [first, ...others] = await accounts(visit, 'Needs a human');
    assert.equal(first, 'crm-left');
    assert.deepEqual(others.sort(), ['crm-new', 'crm-typo', 'hr-report', 'hr-sync', 'mail-blocked']);
    assert.equal((await accounts(visit, 'Other accounts')).length, 7);
    const row = await visit.page.getByRole('row', { name: /^crm-left/ }).textContent();
    assert.match(row ?? '', /Have the user consent again.*AADSTS50173/);
  });

  const filters: [sentence: string, choose: (visit: Visit) => Promise<unknown>, expected: string[]][] = [
    ['a part of an account’s id', ({ page }) => field(page, 'Account').fill('hr-'), ['hr-report', 'hr-sync']],
    [
      'a client',
      ({ page }) => field(page, 'Client').selectOption(crm),
      ['crm-flaky', 'crm-left', 'crm-new', 'erp-v1'],
    ],
    ['a state', ({ page }) => field(page, 'State').selectOption({ label: 'reconsent' }), ['crm-left']],
    [
      'all three at once',
      async ({ page }) => {
        await field(page, 'Account').fill('crm');
        await field(page, 'Client').selectOption(crm);
        await field(page, 'State').selectOption({ label: 'pending consent' });
      },
      ['crm-new'],
    ],
    ['what nobody has', ({ page }) => field(page, 'Account').fill('<b>nobody'), []],
  ];
  for (const [sentence, choose, expected] of filters) {
    test(`is filtered by ${sentence}, and says by what`, async (t: TestContext) => {
      const visit = await open(t);
      await choose(visit);
      const chosen = await fields(visit);
      await visit.click('Filter');
      assert.deepEqual((await shown(visit)).sort(), expected);
      assert.deepEqual(await fields(visit), chosen);
    });
  }

  const fields = ({ page }: Visit): Promise<string[]> =>
    Promise.all(['Account', 'Client', 'State'].map((label) => field(page, label).inputValue()));

  test('shows all accounts again when the filter is taken away, with the Enter key', async (t: TestContext) => {
    const visit = await open(t);
    await field(visit.page, 'Account').fill('hr-');
    await visit.page.keyboard.press('Enter');
    await visit.page.waitForURL(/account=hr-/);
    assert.equal((await shown(visit)).length, 2);
    await field(visit.page, 'Account').fill('');
    await visit.page.keyboard.press('Enter');
    await visit.page.waitForURL(/account=&/);
    assert.equal((await shown(visit)).length, 13);
  });
});
