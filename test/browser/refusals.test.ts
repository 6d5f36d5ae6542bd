import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { SeededAccount } from '../../local/samples.ts';
import { linkLifetimeSeconds } from '../../src/consent/signed-texts.ts';
import { BrowserApp, skip } from './browser-app.ts';
import type { Visit } from './visit.ts';

describe('a consent that is refused in a browser', { skip }, () => {
  let app: BrowserApp;

  before(async () => {
    app = await BrowserApp.start();
  });

  after(() => app.close());

  /** An account, and a browser before Entra's sign-in page. */
  async function atSignIn(t: TestContext): Promise<{ account: SeededAccount; visit: Visit; link: string }> {
    const account = app.register();
    const visit = await app.visit(t);
    const link = await app.openConsent(visit, account);
    await visit.click('Continue to Microsoft');
    return { account, visit, link };
  }

  async function assertRefused(visit: Visit, account: SeededAccount, heading: string): Promise<void> {
    assert.equal(await visit.heading(), heading);
    assert.equal(app.local.world.refreshTokenOf(account.id), undefined);
  }

  const outcomes: [sentence: string, button: string, heading: string][] = [
    ['declined', 'Cancel', 'Consent was declined'],
    ['left to an administrator', 'Needs admin approval', 'An administrator has to approve this application'],
  ];
  for (const [sentence, button, heading] of outcomes) {
    test(`because it was ${sentence} says so, and the link still works`, async (t: TestContext) => {
      const { account, visit, link } = await atSignIn(t);
      await visit.click(button);
      await assertRefused(visit, account, heading);
      await visit.page.goto(link);
      await visit.click('Continue to Microsoft');
      await visit.click('Accept');
      assert.equal(await visit.heading(), `${account.id} is ready`);
    });
  }

  test('because another user signed in names both', async (t: TestContext) => {
    const { account, visit } = await atSignIn(t);
    app.local.world.addUser({ displayName: 'Wrong One', userPrincipalName: 'wrong@contoso.example' });
    await visit.page.reload();
    await visit.page.getByRole('radio', { name: 'Wrong One' }).check();
    await visit.click('Accept');
    await assertRefused(visit, account, 'Another user signed in');
    const text = (await visit.page.getByRole('main').textContent()) ?? '';
    assert.match(text, /wrong@contoso\.example is not the user/);
    assert.match(text, /sign in as person\d+@contoso\.example/);
    await visit.page.reload();
    await assertRefused(visit, account, 'This answer does not belong to a consent that was begun here');
  });

  test('because the link has expired, before and after it was opened', async (t: TestContext) => {
    const account = app.register();
    const visit = await app.visit(t);
    const link = await app.openConsent(visit, account);
    app.clock.advance(linkLifetimeSeconds * 1000);
    await visit.click('Continue to Microsoft');
    await assertRefused(visit, account, 'This link has expired');
    await visit.page.goto(link);
    await assertRefused(visit, account, 'This link has expired');
  });

  test('because the link was used already', async (t: TestContext) => {
    const { account, visit, link } = await atSignIn(t);
    await visit.click('Accept');
    assert.equal(await visit.heading(), `${account.id} is ready`);
    await visit.page.goto(link);
    assert.equal(await visit.heading(), 'This link is no longer valid');
    assert.equal(await visit.page.getByRole('button').count(), 0);
  });

  test('because the callback was used already', async (t: TestContext) => {
    const { account, visit } = await atSignIn(t);
    const callback = visit.page.waitForRequest('**/api/consent/callback?*');
    await visit.click('Accept');
    const token = app.local.world.refreshTokenOf(account.id);
    assert.ok(token);
    await visit.page.goto((await callback).url());
    assert.equal(await visit.heading(), 'This answer does not belong to a consent that was begun here');
    assert.equal(app.local.world.refreshTokenOf(account.id), token);
  });

  test('because its state was tampered with on the way', async (t: TestContext) => {
    const { account, visit } = await atSignIn(t);
    const signIn = new URL(visit.page.url());
    signIn.searchParams.set('state', 'A'.repeat(43));
    await visit.page.goto(signIn.href);
    await visit.click('Accept');
    await assertRefused(visit, account, 'This answer does not belong to a consent that was begun here');
  });

  test('because the status page’s button was pressed on another site', async (t: TestContext) => {
    const account = app.register();
    const visit = await app.visit(t);
    const action = app.statusUrl.replace('status', `consent-link/${account.id}`);
    await visit.page.setContent(`<form method="post" action="${action}"><button>Win a prize</button></form>`);
    await visit.click('Win a prize');
    await assertRefused(visit, account, 'No consent link');
    assert.equal(visit.page.url(), action);
  });

  test('because it ends in another browser than it began', async (t: TestContext) => {
    const { account, visit } = await atSignIn(t);
    const other = await app.visit(t);
    await other.page.goto(visit.page.url());
    await other.click('Accept');
    await assertRefused(other, account, 'This answer does not belong to a consent that was begun here');
  });
});
