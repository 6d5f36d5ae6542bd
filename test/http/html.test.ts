import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { escapeHtml, html } from '../../src/http/html.ts';

describe('the HTML template', () => {
  for (const [what, made, expected] of [
    ['escapes text', html`<p>${'<b>&"\'</b>'}</p>`, '<p>&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;</p>'],
    ['keeps HTML', html`<p>${html`<b>${'<'}</b>`}</p>`, '<p><b>&lt;</b></p>'],
    [
      'joins lists',
      html`<ul>${['a', '<'].map((x) => html`<li>${x}</li>`)}</ul>`,
      '<ul><li>a</li><li>&lt;</li></ul>',
    ],
    ['makes nothing of an empty list', html`<p>${[]}</p>`, '<p></p>'],
  ] as const) {
    test(what, () => assert.equal(made.html, expected));
  }

  test('lets no text end an element or a quoted attribute', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.doesNotMatch(escapeHtml(text), /[<>"']/)));
  });
});
