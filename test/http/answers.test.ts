import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatOf } from '../../src/http/answers.ts';

const chrome = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8';

describe('the format of an answer', () => {
  for (const [accept, preset, format] of [
    [undefined, 'html', 'html'],
    [undefined, 'json', 'json'],
    ['*/*', 'html', 'html'],
    ['*/*', 'json', 'json'],
    ['', 'html', 'html'],
    [chrome, 'html', 'html'],
    [chrome, 'json', 'html'],
    ['application/json', 'html', 'json'],
    ['Application/JSON', 'html', 'json'],
    ['application/json, text/plain, */*', 'html', 'json'],
    ['application/*', 'html', 'json'],
    ['text/html;q=0.5, application/json;q=0.4', 'json', 'html'],
    ['text/html; q=0.4, application/json; q=0.5', 'html', 'json'],
    ['text/html;q=0, */*', 'html', 'json'],
    ['application/json;q=0', 'html', 'html'],
    ['application/json;q=0', 'json', 'json'],
    ['image/png', 'html', 'html'],
    ['text/html;q=x, application/json;q=0.1', 'html', 'json'],
  ] as const) {
    test(`is ${format} for Accept: ${accept}, ${preset} being preset`, () =>
      assert.equal(formatOf(accept, preset), format));
  }
});
