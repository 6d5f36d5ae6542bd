import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseRoute } from '../../../local/functions-host/route.ts';

suite('a route', () => {
  for (const [template, path, expected] of [
    ['health', 'health', {}],
    ['health', 'HEALTH/', {}],
    ['health', 'health//', undefined],
    ['health', '/health', undefined],
    ['people/{person}', 'people//', undefined],
    ['people/{person}', 'people//ann', undefined],
    ['health', 'healthy', undefined],
    ['health', 'health/more', undefined],
    ['health', '', undefined],
    ['/people/{person}', 'people/ann', { person: 'ann' }],
    ['people/{person}', 'people/ann%2Fbob', { person: 'ann/bob' }],
    ['people/{person}', 'people/%zz', { person: '%zz' }],
    ['people/{person}', 'people', undefined],
    ['a/{b}/c/{d}', 'a/1/c/2', { b: '1', d: '2' }],
  ] as const) {
    test(`"${template}" ${expected ? 'fits' : 'does not fit'} "${path}"`, () => {
      assert.deepEqual(parseRoute(template, 'f').match(path), expected);
    });
  }

  for (const template of ['{id:int}', '{id?}', '{*rest}', 'a{b}', '{}']) {
    test(`"${template}" is refused, naming the function`, () => {
      assert.throws(() => parseRoute(template, 'f'), { code: 'unsupported', message: /function "f"/ });
    });
  }
});
