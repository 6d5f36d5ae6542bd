import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pin, User } from '../../src/accounts/entra-ids.ts';
import { askedUser, consentedUser, type ExpectedUser } from '../../src/consent/consented-user.ts';

const home: User = { tenantId: 'home', objectId: 'anna' };
const here: User = { tenantId: 'resource', objectId: 'anna-as-guest' };
const other: User = { tenantId: 'home', objectId: 'bob' };
const otherHere: User = { tenantId: 'resource', objectId: 'bob-as-guest' };
const hint = 'anna@contoso.com';
const pinned = (user: User, ids?: Pin['ids']): Pin => ({ ...user, ...(ids === undefined ? {} : { ids }) });
const provisional = (user: User) => pinned(user, 'provisional');

type Row = readonly [
  sentence: string,
  expected: ExpectedUser,
  idToken: User & { readonly userName?: string },
  clientInfo: User | undefined,
  result: Pin | 'other_user' | 'user_unproven',
];

const rows: readonly Row[] = [
  [
    'a first consent as hinted: pinned to the home',
    { loginHint: hint },
    { ...here, userName: hint },
    home,
    pinned(home, 'home'),
  ],
  [
    'a first consent as hinted, in capitals',
    { loginHint: hint.toUpperCase() },
    { ...here, userName: hint },
    home,
    pinned(home, 'home'),
  ],
  [
    'a first consent as hinted without client_info',
    { loginHint: hint },
    { ...here, userName: hint },
    undefined,
    provisional(here),
  ],
  [
    'a first consent of somebody else',
    { loginHint: hint },
    { ...otherHere, userName: 'bob@contoso.com' },
    other,
    'other_user',
  ],
  ['a first consent of nobody by name', { loginHint: hint }, here, home, 'other_user'],
  ['the pinned user at home', { pin: pinned(home, 'home') }, home, home, pinned(home, 'home')],
  ['the pinned user as a guest', { pin: pinned(home, 'home') }, here, home, pinned(home, 'home')],
  [
    'somebody else, even as hinted',
    { pin: pinned(home, 'home'), loginHint: hint },
    { ...here, userName: hint },
    other,
    'other_user',
  ],
  [
    'somebody else in the guest account of the pinned one',
    { pin: pinned(home, 'home') },
    here,
    other,
    'other_user',
  ],
  [
    'a provisional pin: the same guest, and his home',
    { pin: provisional(here) },
    here,
    home,
    pinned(home, 'home'),
  ],
  ['a provisional pin: another guest', { pin: provisional(here) }, otherHere, other, 'other_user'],
  [
    'a pin of an older version: the same guest, and his home',
    { pin: pinned(here) },
    here,
    home,
    pinned(home, 'home'),
  ],
  ['a pin of an older version: another guest', { pin: pinned(here) }, otherHere, other, 'other_user'],
  [
    'a pin of an older version that a refresh set: the guest',
    { pin: pinned(home) },
    here,
    home,
    pinned(home, 'home'),
  ],
  [
    'the pinned user at home without client_info',
    { pin: pinned(home, 'home') },
    home,
    undefined,
    pinned(home, 'home'),
  ],
  [
    'somebody of the same tenant without client_info',
    { pin: pinned(home, 'home') },
    other,
    undefined,
    'other_user',
  ],
  [
    'a guest whose id token is known, without client_info',
    { pin: pinned(home, 'home'), signedInAs: here },
    here,
    undefined,
    pinned(home, 'home'),
  ],
  [
    'a guest as hinted without client_info',
    { pin: pinned(home, 'home'), loginHint: hint },
    { ...here, userName: hint },
    undefined,
    pinned(home, 'home'),
  ],
  [
    'a guest under another name without client_info',
    { pin: pinned(home, 'home'), loginHint: hint },
    { ...otherHere, userName: 'bob@contoso.com' },
    undefined,
    'user_unproven',
  ],
  ['a guest without client_info and hint', { pin: pinned(home, 'home') }, here, undefined, 'user_unproven'],
  [
    'a provisional pin again without client_info',
    { pin: provisional(here) },
    here,
    undefined,
    provisional(here),
  ],
  [
    'a provisional pin: another guest without client_info',
    { pin: provisional(here) },
    otherHere,
    undefined,
    'other_user',
  ],
];

describe('who consented', () => {
  for (const [sentence, expected, idToken, clientInfo, result] of rows) {
    test(sentence, () => {
      const found = consentedUser(expected, idToken, clientInfo);
      assert.deepEqual(found.kind === 'expected' ? found.pin : found.kind, result);
    });
  }
});

describe('who is asked for', () => {
  const pin = pinned(home, 'home');
  const asked: readonly (readonly [string, ExpectedUser, Pick<ExpectedUser, 'pin' | 'loginHint'>])[] = [
    ['without a pin: by hint', { loginHint: hint }, { loginHint: hint }],
    [
      'who consented under this hint: by hint',
      { pin, loginHint: hint, isHintOfPin: true },
      { loginHint: hint },
    ],
    [
      'who consented under another hint: by id, not the one hinted at',
      { pin, loginHint: hint, isHintOfPin: false },
      { pin },
    ],
    ['of whose hint nobody knows: by both', { pin, loginHint: hint }, { pin, loginHint: hint }],
    ['without a hint: by id', { pin }, { pin }],
  ];
  for (const [sentence, expected, named] of asked)
    test(sentence, () => assert.deepEqual(JSON.parse(JSON.stringify(askedUser(expected))), named));
});
