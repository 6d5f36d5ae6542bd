import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { Sensitive } from '../src/sensitive.ts';

const canary = 'canary-5f1d';
const secret = new Sensitive(canary);

describe('a sensitive value cannot be shown', () => {
  const ways: ReadonlyArray<readonly [way: string, shown: string]> = [
    ['by a template', `${secret}`],
    ['by joining', ['a secret:', secret].join(' ')],
    ['by String', String(secret)],
    ['by JSON', JSON.stringify({ secret })],
    ['by util.inspect', inspect(secret)],
    [
      'by util.inspect of what holds it, with everything hidden shown',
      inspect({ deep: [{ secret }] }, { depth: 9, showHidden: true }),
    ],
    ['by a format string', format('%s %o %O %j', secret, secret, secret, secret)],
    ['by its keys', Object.keys(secret).join()],
    [
      'by all its properties',
      Reflect.ownKeys(secret)
        .map((key) => String(Reflect.get(secret, key)))
        .join(),
    ],
    ['by a copy', JSON.stringify({ ...secret })],
    ['by an error with it as its cause', inspect(new Error('failed', { cause: secret }))],
    ['by a failed comparison', failedComparison()],
  ];
  for (const [way, shown] of ways) {
    test(way, () => assert.ok(!shown.includes(canary), way));
  }

  test('and says that it was left out', () => {
    assert.equal(`${secret}`, '[redacted]');
    assert.equal(JSON.stringify(secret), '"[redacted]"');
    assert.equal(inspect(secret), '[redacted]');
  });
});

describe('a sensitive value', () => {
  test('gives itself only when asked', () => assert.equal(secret.reveal(), canary));

  test('equals another of the same text, and no other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        assert.ok(new Sensitive(a).equals(new Sensitive(a)));
        assert.equal(new Sensitive(a).equals(new Sensitive(b)), a === b);
      }),
    );
  });

  const sizes: ReadonlyArray<readonly [text: string, bytes: number]> = [
    ['', 0],
    ['a', 1],
    ['ü', 2],
    ['€', 3],
    ['😀', 4],
  ];
  for (const [text, bytes] of sizes) {
    test(`"${text}" has ${bytes} bytes of UTF-8`, () => assert.equal(new Sensitive(text).byteLength, bytes));
  }
});

function failedComparison(): string {
  try {
    assert.notDeepEqual(secret, secret);
    return 'not compared';
  } catch (error) {
    return inspect(error);
  }
}
