import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { userKey } from '../../local/entra/users.ts';
import type { SeededAccount } from '../../local/samples.ts';
import { ads } from '../support/world.ts';
import { type Answer, locationOf, textOf } from './consent-app.ts';
import { app, browser, started } from './consent-scene.ts';

let account: SeededAccount;

before(async () => {
  await started;
  const name = { displayName: 'Person', userPrincipalName: 'person@contoso.example' };
  account = app.local.world.addAccount({ id: 'refused', client: ads, consented: false, name });
});

const begin = async (): Promise<string> => locationOf(await browser.press(await app.linkFor('refused')));

/** The page after the token endpoint has answered the code with the given body. */
async function pageAfter(status: number, body: string): Promise<Answer> {
  const signIn = await begin();
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const match = { grantType: 'authorization_code' } as const;
  app.local.world.entraFaults.add({ match, answer: { status, headers, body } });
  return browser.send(await browser.accept(signIn, account.user));
}

function assertNothingStored(): void {
  assert.equal(app.local.world.refreshTokenOf('refused'), undefined);
  assert.deepEqual(app.local.world.tokens.versionsOf('access-token-refused'), []);
}

const vector = (file: string): { status: number; body: unknown } =>
  JSON.parse(readFileSync(new URL(`../vectors/token-endpoint/${file}.json`, import.meta.url), 'utf8'));

const numbered = (error: string, ...numbers: number[]) => ({
  error,
  error_description: `AADSTS${numbers.at(-1)}: Words that only Entra knows.\r\nTrace ID: 0f8fad5b`,
  error_codes: numbers,
});

const again = /Open the consent link again and sign in once more/;
const operator = /This needs an operator; show this page to one:/;

interface RefusedCode {
  readonly sentence: string;
  readonly status: number;
  readonly body: unknown;
  readonly code: string;
  readonly cause: RegExp;
  readonly remedy: RegExp;
  readonly operator: boolean;
}

const refusedCode = (
  sentence: string,
  { status, body }: { status: number; body: unknown },
  code: string,
  cause: RegExp,
  remedy: RegExp = again,
): RefusedCode => ({ sentence, status, body, code, cause, remedy, operator: remedy !== again });

const refusedCodes: readonly RefusedCode[] = [
  refusedCode(
    'Microsoft Advertising’s invalid_grant without a number',
    vector('advertising-invalid-grant-sample'),
    'invalid_grant',
    /took too long, was used before or was withdrawn/,
  ),
  refusedCode(
    'Microsoft Advertising’s secret of a public client',
    vector('advertising-public-client-sample'),
    'invalid_request',
    /a secret sent for a public client/,
    /becomes a Web one/,
  ),
  refusedCode(
    'the invalid_resource sample of v1',
    vector('v1-error-sample'),
    'AADSTS50001',
    /resource is not installed in this tenant/,
    /Correct the resource/,
  ),
  refusedCode(
    'a code that was used before',
    { status: 400, body: numbered('invalid_grant', 54005) },
    'AADSTS54005',
    /was used before; each works once/,
  ),
  refusedCode(
    'the same on v1, behind its wrapper',
    { status: 400, body: numbered('invalid_grant', 70002, 54005) },
    'AADSTS54005',
    /was used before; each works once/,
  ),
  refusedCode(
    'a code that expired',
    { status: 400, body: numbered('invalid_grant', 70008) },
    'AADSTS70008',
    /had expired; it lives for a few minutes only/,
  ),
  refusedCode(
    'a code of another sign-in (PKCE)',
    { status: 400, body: numbered('invalid_grant', 50148) },
    'AADSTS50148',
    /belongs to another sign-in/,
  ),
  refusedCode(
    'the same by its newer number',
    { status: 400, body: numbered('invalid_grant', 501481) },
    'AADSTS501481',
    /belongs to another sign-in/,
  ),
  refusedCode(
    'a redirect URI that is not registered',
    { status: 401, body: numbered('invalid_client', 50011) },
    'AADSTS50011',
    /redirect URI is not one of those the app registration lists/,
    /Add the exact redirect URI/,
  ),
  refusedCode(
    'a redirect URI that is not the sign-in’s',
    { status: 401, body: numbered('invalid_client', 500112) },
    'AADSTS500112',
    /redirect URI that came with the code is not the one of the sign-in/,
    /Leave PUBLIC_URL unchanged/,
  ),
  refusedCode(
    'a client secret that is wrong',
    { status: 401, body: numbered('invalid_client', 7000215) },
    'AADSTS7000215',
    /client secret is wrong/,
    /store its value/,
  ),
  refusedCode(
    'a client secret that ended',
    { status: 401, body: numbered('invalid_client', 7000222) },
    'AADSTS7000222',
    /client secret is past its end date/,
    /Create a new secret/,
  ),
];

describe('a code that Microsoft refuses', () => {
  for (const { sentence, status, body, code, cause, remedy, operator: needsOperator } of refusedCodes) {
    test(`${sentence}: page with cause and what to do`, async () => {
      const answer = await pageAfter(status, JSON.stringify(body));
      const text = textOf(answer);
      assert.equal(answer.status, 200);
      assert.match(text, /Microsoft did not accept the consent/);
      assert.match(text, cause);
      assert.match(text, remedy);
      assert.match(text, new RegExp(`Nothing was stored\\. Code ${code}\\.`));
      assert.equal(operator.test(text), needsOperator);
      // Words for operators are not told to users, nor what only a sweep does, nor Entra's own text.
      if (!needsOperator) assert.doesNotMatch(text, /have the user|operator|refresh token/i);
      assert.doesNotMatch(text, /it is retried|Words that only|Trace ID/);
      assertNothingStored();
    });
  }

  for (const [sentence, status] of [
    ['busy', 503],
    ['throttled', 429],
  ] as const) {
    test(`because it is ${sentence}: later, and nothing is repeated by itself`, async () => {
      const text = textOf(await pageAfter(status, ''));
      assert.match(text, /Wait a few minutes, then open the consent link again/);
      assert.doesNotMatch(text, /retried/);
      const { world } = app.local;
      const sent = world.entra.recentRequests().filter(({ status: answered }) => answered === status);
      assert.equal(sent.length, 1);
      assertNothingStored();
    });
  }

  test('is told in plain words when the answer is cut in the middle', async () => {
    const signIn = await begin();
    const match = { grantType: 'authorization_code' } as const;
    app.local.world.entraFaults.add({ match, network: 'reset_before' });
    const accepted = await browser.post(signIn, { decision: 'accept', user: userKey(account.user) });
    const text = textOf(await browser.send(locationOf(accepted).replace(/#.*$/, '')));
    assert.match(text, /connection to the authority was reset.*Wait a few minutes, then open/i);
    assertNothingStored();
  });
});
