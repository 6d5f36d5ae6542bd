import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ads } from '../support/world.ts';
import { type Answer, locationOf, textOf } from './consent-app.ts';
import { app, browser, started } from './consent-scene.ts';

before(async () => {
  await started;
  const name = { displayName: 'Person', userPrincipalName: 'person@contoso.example' };
  app.local.world.addAccount({ id: 'refused', client: ads, consented: false, name });
});

const begin = async (): Promise<string> => locationOf(await browser.press(await app.linkFor('refused')));

/** The page after Entra has sent the browser back with the given parameters and the right state. */
async function pageForRedirect(parameters: Readonly<Record<string, string>>): Promise<Answer> {
  const callback = new URL(`${app.url}/consent/callback`);
  callback.search = new URLSearchParams(parameters).toString();
  callback.searchParams.set('state', new URL(await begin()).searchParams.get('state') ?? '');
  return browser.send(callback.href);
}

function assertNothingStored(): void {
  assert.equal(app.local.world.refreshTokenOf('refused'), undefined);
  assert.deepEqual(app.local.world.tokens.versionsOf('access-token-refused'), []);
}

const described = (error: string, number: number): Record<string, string> => ({
  error,
  error_description: `AADSTS${number}: Words that only Entra knows.`,
});

/** What Entra sends back from the authorize endpoint, and what the page says of it. */
const redirects: [sentence: string, parameters: Record<string, string>, title: RegExp, todo: RegExp][] = [
  [
    'the user declines',
    { ...described('access_denied', 65004), error_subcode: 'cancel' },
    /Consent was declined/,
    /Open the link again when you want to agree.*Code AADSTS65004/,
  ],
  [
    'a personal user declines, without a number',
    { error: 'access_denied', error_description: 'The user has denied access to the scope requested.' },
    /Consent was declined/,
    /Open the link again when you want to agree/,
  ],
  ...[90094, 90093, 65005].map((number): (typeof redirects)[number] => [
    `an administrator must approve (${number})`,
    described('access_denied', number),
    /An administrator has to approve this application/,
    /Ask an administrator of the tenant to grant consent.*then open the link again/,
  ]),
  [
    'consent is required',
    described('consent_required', 65001),
    /An administrator has to approve/,
    /Ask an administrator/,
  ],
  [
    'an administrator’s consent failed: the error counts, not the word beside it',
    { ...described('access_denied', 65004), admin_consent: 'True', tenant: 'contoso.com' },
    /Consent was declined/,
    /Open the link again/,
  ],
  [
    'an error stands beside a code: the error counts',
    { ...described('access_denied', 65004), code: 'a-code' },
    /Consent was declined/,
    /Open the link again/,
  ],
  [
    'Entra wants interaction',
    described('interaction_required', 50076),
    /Microsoft asks for more/,
    /Open the link again and follow/,
  ],
  [
    'nobody is signed in',
    described('login_required', 50058),
    /Microsoft could not sign you in/,
    /Open the link again and sign in/,
  ],
  [
    'an account of another tenant',
    described('interaction_required', 16000),
    /Microsoft asks for more/,
    /identity provider that this tenant does not know.*Open the link again/,
  ],
  [
    'the wrong account, as invalid_request',
    described('invalid_request', 50020),
    /Microsoft refused the request/,
    /tenant.*operator/,
  ],
  [
    'the request is invalid',
    { error: 'invalid_request' },
    /Microsoft refused the request/,
    /redirect URI must be of type Web/,
  ],
  ['it is busy', { error: 'temporarily_unavailable' }, /Microsoft is busy/, /Wait a few minutes/],
  ['it has a problem', { error: 'server_error' }, /Microsoft had a problem/, /Wait a few minutes/],
  [
    'the application may not',
    described('unauthorized_client', 700016),
    /The application may not do this/,
    /An operator has to/,
  ],
  [
    'the scope is unknown',
    described('invalid_scope', 70011),
    /does not know these permissions/,
    /correct the scopes/,
  ],
  [
    'the resource is unknown',
    described('invalid_resource', 500011),
    /does not know this resource/,
    /correct the resource/,
  ],
  [
    'the client is unknown',
    { error: 'invalid_client' },
    /does not know the application/,
    /correct clientId or tenant/,
  ],
  ['the error is nobody’s', { error: 'constructor' }, /Microsoft refused/, /Open the link again/],
  ['the error is empty', { error: '' }, /Microsoft refused/, /Open the link again/],
];

describe('Entra sends the browser back without a code', () => {
  for (const [sentence, parameters, title, todo] of redirects) {
    test(`${sentence}: page with what to do`, async () => {
      const answer = await pageForRedirect(parameters);
      const text = textOf(answer);
      assert.equal(answer.status, 200);
      assert.match(text, title);
      assert.match(text, todo);
      assert.doesNotMatch(text, /Words that only|denied access/);
      assertNothingStored();
    });
  }

  test('with the error twice: the code beside it is not redeemed', async () => {
    const callback = new URL(`${app.url}/consent/callback?error=access_denied&error=x&code=a-code`);
    callback.searchParams.set('state', new URL(await begin()).searchParams.get('state') ?? '');
    assert.match(textOf(await browser.send(callback.href)), /Microsoft refused/);
    assertNothingStored();
  });
});
