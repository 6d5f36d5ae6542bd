import assert from 'node:assert/strict';
import { before, describe, mock, test } from 'node:test';
import { EncryptJWT } from 'jose';
import type { VaultState } from '../../local/key-vault/vault-state.ts';
import { signingKeyName } from '../../src/consent/signing-key.ts';
import { type Answer, Browser, locationOf, principal } from './consent-app.ts';
import { app, browser, started } from './consent-scene.ts';

/** What the vaults were asked, in order: operation and name. */
const asked: string[] = [];

function watch(state: VaultState): void {
  const admit = state.admit.bind(state);
  mock.method(state, 'admit', (operation: Parameters<VaultState['admit']>[0]) => {
    asked.push(operation);
    admit(operation);
  });
  const get = state.get.bind(state);
  mock.method(state, 'get', (name: string, version?: string) => {
    asked[asked.length - 1] += ` ${name}`;
    return get(name, version);
  });
}

before(async () => {
  await started;
  watch(app.local.world.credentials);
  watch(app.local.world.tokens);
});

const unknownVersion = 'f'.repeat(32);
const mac = 'A'.repeat(43);
const inDays = (days: number): number => Math.floor(app.clock.nowMilliseconds() / 1000) + days * 86_400;

interface Genuine {
  readonly id: string;
  /** The text of a link that was given out. */
  readonly text: string;
  readonly version: string;
}

async function genuine(): Promise<Genuine> {
  const { id } = app.register();
  const text = new URL(await app.linkFor(id)).searchParams.get('link') ?? '';
  return { id, text, version: text.split('.')[1] ?? '' };
}

const page = (id: string, text: string): string => `${app.url}/consent/for/${id}?link=${text}`;
const forged = async (version: string): Promise<string> =>
  new EncryptJWT({ account: 'a', link: 'l', state: 's', nonce: 'n', codeVerifier: 'v' })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .encrypt(new Uint8Array(32))
    .then((sealed) => `__Host-consent=${version}.${sealed}`);
const callback = (cookie: string, query = 'state=s&code=c'): Promise<Answer> =>
  browser.send(`${app.url}/consent/callback?${query}`, { headers: { cookie } });

/** Every request of a stranger, by function; those of the first column reach the key, the others not even that. */
const requests: [name: string, sentence: string, keyReads: 0 | 1, (known: Genuine) => Promise<Answer>][] = [
  [
    'consent',
    'a forged link',
    1,
    ({ id, version }) => browser.send(page(id, `${inDays(5)}.${version}.${mac}.${mac}`)),
  ],
  [
    'consent',
    'a link of an unknown key version',
    1,
    ({ id }) => browser.send(page(id, `${inDays(5)}.${unknownVersion}.${mac}.${mac}`)),
  ],
  [
    'consent',
    'a genuine link whose account was changed',
    1,
    ({ text }) => browser.send(page('another', text)),
  ],
  [
    'consent',
    'a genuine link whose expiry was changed',
    1,
    ({ id, text }) => browser.send(page(id, text.replace(/^\d+/, String(inDays(3))))),
  ],
  [
    'consent',
    'a genuine link whose binding was changed',
    1,
    ({ id, text }) => browser.send(page(id, text.replace(/\.[\w-]{43}\./, `.${mac}.`))),
  ],
  [
    'consent',
    'a forged link in a form',
    1,
    ({ id, version }) =>
      browser.post(`${app.url}/consent/for/${id}`, { link: `${inDays(5)}.${version}.${mac}.${mac}` }),
  ],
  [
    'consent',
    'a link that expires in more than seven days',
    0,
    ({ id, version }) => browser.send(page(id, `${inDays(7) + 2}.${version}.${mac}.${mac}`)),
  ],
  [
    'consent',
    'an expired link',
    0,
    ({ id, version }) => browser.send(page(id, `${inDays(0)}.${version}.${mac}.${mac}`)),
  ],
  ['consent', 'no link', 0, ({ id }) => browser.send(page(id, ''))],
  ['consentCallback', 'a forged cookie', 1, async ({ version }) => callback(await forged(version))],
  [
    'consentCallback',
    'a cookie of an unknown key version',
    1,
    async () => callback(await forged(unknownVersion)),
  ],
  ['consentCallback', 'no cookie', 0, () => callback('')],
  [
    'consentCallback',
    'a forged cookie and no state',
    0,
    async ({ version }) => callback(await forged(version), 'code=c'),
  ],
  [
    'consentDone',
    'a forged receipt',
    1,
    ({ id, version }) =>
      browser.send(`${app.url}/consent/done?receipt=${id}.${inDays(0)}..${version}.${mac}`),
  ],
  [
    'consentDone',
    'a receipt of an unknown key version',
    1,
    ({ id }) => browser.send(`${app.url}/consent/done?receipt=${id}.${inDays(0)}..${unknownVersion}.${mac}`),
  ],
  ['consentDone', 'no receipt', 0, () => browser.send(`${app.url}/consent/done`)],
  [
    'newConsentLink',
    'nobody who is signed in',
    0,
    ({ id }) => browser.send(`${app.url}/consent-link/${id}`, { method: 'POST' }),
  ],
  ['status', 'nobody who is signed in', 0, () => browser.send(`${app.url}/status`)],
];

/** Longer than anything that was read is kept. */
const forget = (): void => app.clock.moveTo(app.clock.nowMilliseconds() + 660_000);

describe('of the vaults a stranger’s request reads', () => {
  for (const [name, sentence, keyReads, request] of requests) {
    test(`${keyReads === 1 ? 'nothing but the signing key, and the second one nothing' : 'nothing'}: ${name} with ${sentence}`, async () => {
      const known = await genuine();
      forget();
      const asking = async (): Promise<string[]> => {
        asked.length = 0;
        const { status } = await request(known);
        assert.ok(status >= 300 && status < 500 && status !== 404, String(status));
        return [...asked];
      };
      assert.deepEqual(
        await asking(),
        Array.from({ length: keyReads }, () => `get ${signingKeyName}`),
      );
      assert.deepEqual(await asking(), []);
    });
  }

  test('nothing more than that, through every function that the host lets anybody call', () => {
    const open = app.host.functions.filter(({ bindings }) =>
      Object.values(bindings).some((binding) => binding['authLevel'] === 'anonymous'),
    );
    const tested = new Set(requests.map(([name]) => name));
    assert.deepEqual(open.map(({ name }) => name).sort(), [...tested].sort());
  });

  test('the key once, when a hundred come at once', async () => {
    const { id, version } = await genuine();
    forget();
    asked.length = 0;
    const text = `${inDays(5)}.${version}.${mac}.${mac}`;
    await Promise.all(Array.from({ length: 100 }, () => new Browser().send(page(id, text))));
    assert.deepEqual(asked, [`get ${signingKeyName}`]);
  });
});

describe('the list of accounts that the status page keeps', () => {
  const show = (): Promise<Answer> =>
    browser.send(`${app.url}/status`, { headers: { 'x-ms-client-principal': principal } });
  const listings = (): number => asked.filter((operation) => operation === 'list').length;

  test('is not made anew for a callback without an attempt, but for one with', async () => {
    process.env['WEBSITE_AUTH_ENABLED'] = 'True';
    const account = app.register();
    const signIn = locationOf(await browser.press(await app.linkFor(account.id)));
    const back = await browser.accept(signIn, account.user);
    await show();
    asked.length = 0;
    const { version } = await genuine();
    for (const cookie of ['', await forged(version), await forged(unknownVersion)])
      await new Browser().send(`${app.url}/consent/callback?state=s&code=c`, { headers: { cookie } });
    assert.equal((await show()).status, 200);
    assert.equal(listings(), 0);
    assert.equal((await browser.send(back)).status, 303);
    await show();
    assert.ok(listings() > 0);
  });
});
