import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { html } from '../../src/http/html.ts';
import { page } from '../../src/http/page.ts';

const body = html`<h1>Hello</h1>`;

describe('a page', () => {
  test('has the headers that keep it to itself, and a policy that runs nothing', () => {
    const { status, headers } = page({ title: 'Hello', body });
    assert.equal(status, 200);
    const { 'content-security-policy': policy, ...others } = headers;
    assert.deepEqual(others, {
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-type': 'text/html; charset=utf-8',
    });
    assert.match(
      policy ?? '',
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
  });

  test('carries the very stylesheet that its policy allows', () => {
    const { headers, body: document } = page({ title: 'Hello', body });
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(document) ?? [];
    assert.ok(style.length > 100);
    const hash = createHash('sha256').update(style).digest('base64');
    assert.ok(headers['content-security-policy']?.includes(`'sha256-${hash}'`));
  });

  test('has a language, a width for phones, one main landmark and the given status', () => {
    const { status, body: document } = page({ title: 'Hello', body, status: 404 });
    assert.equal(status, 404);
    assert.match(document, /^<!doctype html>\n<html lang="en">/);
    assert.match(document, /<meta name="viewport" content="width=device-width, initial-scale=1">/);
    assert.match(document, /<main>\n<h1>Hello<\/h1>\n<\/main>/);
    assert.match(page({ title: 'Hello', body, wide: true }).body, /<main class="wide">/);
  });

  test('escapes its title', () => {
    assert.match(
      page({ title: '</title><script>', body }).body,
      /<title>&lt;\/title&gt;&lt;script&gt;<\/title>/,
    );
  });

  test('lets forms lead to the origins that it names', () => {
    const { headers } = page({ title: 'Hello', body, formTargets: ['https://login.microsoftonline.com/'] });
    assert.match(
      headers['content-security-policy'] ?? '',
      /; form-action 'self' https:\/\/login\.microsoftonline\.com; /,
    );
  });

  for (const target of ["https://a.example; script-src 'unsafe-inline'", 'https://a.example/path', '*', '']) {
    test(`refuses "${target}" as a form target`, () =>
      assert.throws(() => page({ title: 'Hello', body, formTargets: [target] }), RangeError));
  }
});
