import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsOf, parseSettings } from './settings.ts';

describe('the function timeout', () => {
  const timeouts: ReadonlyArray<readonly [text: string, seconds: number]> = [
    ['00:05:00', 300],
    ['00:30:01', 1801],
    ['23:59:59', 86_399],
    ['1.00:00:00', 86_400],
    ['10.01:02:03', 867_723],
    ['-1', Number.POSITIVE_INFINITY],
  ];
  for (const [text, seconds] of timeouts) {
    test(`"${text}" of host.json is ${seconds} s`, () => {
      assert.equal(parseSettings({}, text).functionTimeoutSeconds, seconds);
    });
  }

  test('of the setting outweighs that of host.json', () => {
    const settings = { AzureFunctionsJobHost__functionTimeout: '00:10:00' };
    assert.equal(parseSettings(settings, '00:30:00').functionTimeoutSeconds, 600);
    assert.equal(parseSettings(settings, 'nonsense').functionTimeoutSeconds, 600);
  });

  const wrong = ['', ...'nonsense 30 00:30 24:00:00 00:60:00 00:00:60 -2 1:00:00:00 0:30:00'.split(' ')];
  for (const text of wrong) {
    test(`"${text}" is refused, wherever it stands`, () => {
      const message = '(or functionTimeout in host.json) must be hh:mm:ss or -1';
      const expected = [{ setting: 'AzureFunctionsJobHost__functionTimeout', message }];
      assert.deepEqual(faultsOf({}, text), expected);
      if (text !== '') assert.deepEqual(faultsOf({ AzureFunctionsJobHost__functionTimeout: text }), expected);
    });
  }

  test('of 4:59 minutes is refused', () => {
    const [fault, ...others] = faultsOf({}, '00:04:59');
    assert.match(fault?.message ?? '', /is shorter than 5 minutes/);
    assert.deepEqual(others, []);
  });
});

describe('where browsers find the app', () => {
  const urlOf = (settings: Record<string, string>) => parseSettings(settings).publicUrl;

  for (const [sentence, settings, expected] of [
    ['unknown without either', {}, undefined],
    [
      "the platform's host name",
      { WEBSITE_HOSTNAME: 'app.azurewebsites.net' },
      'https://app.azurewebsites.net',
    ],
    [
      'its own domain first',
      { WEBSITE_HOSTNAME: 'a.b', PUBLIC_URL: 'https://tokens.contoso.com/' },
      'https://tokens.contoso.com',
    ],
    [
      'loopback where that is allowed',
      { PUBLIC_URL: 'http://127.0.0.1:7071', ALLOW_LOOPBACK: 'true' },
      'http://127.0.0.1:7071',
    ],
  ] as const) {
    test(sentence, () => assert.equal(urlOf(settings), expected));
  }

  for (const [sentence, settings] of [
    ['plain http', { PUBLIC_URL: 'http://tokens.contoso.com' }],
    ['plain http on loopback where that is not allowed', { PUBLIC_URL: 'http://127.0.0.1:7071' }],
    ['a path', { PUBLIC_URL: 'https://tokens.contoso.com/x' }],
  ] as const) {
    test(`${sentence} is refused and PUBLIC_URL named`, () =>
      assert.throws(() => urlOf(settings), /PUBLIC_URL must/));
  }
});
