import assert from 'node:assert/strict';
import type { Answer, ConsentApp } from './consent-app.ts';

/** Markup, an attribute's end, and a header of its own; told apart from all that is ours by its marks. */
export const evil =
  '"\'><script>alert(1)</script><img src=x onerror=alert(1)>\r\nX-Evil: yes\r\nSet-Cookie: a=b\r\n\r\n';

/** Nothing of the text became more than text: no markup, no header, no line of the log, no way elsewhere. */
export function assertHarmless({ local, lines }: ConsentApp, answer: Answer): void {
  assert.ok(answer.status < 500 || [502, 503].includes(answer.status), `${answer.status} ${answer.body}`);
  if (answer.headers.get('content-type')?.startsWith('text/html')) {
    assert.doesNotMatch(answer.body, /<(script|img)|\son\w+=[^&]*>/);
  }
  assert.equal(answer.headers.get('x-evil'), null);
  for (const cookie of answer.headers.getSetCookie()) assert.match(cookie, /^__Host-consent=[\w.-]*; /);
  const location = answer.headers.get('location') ?? '';
  const ours = [`${local.urls.entra}/`, '/api/consent/'];
  assert.ok(location === '' || ours.some((start) => location.startsWith(start)), location);
  for (const line of lines) assert.doesNotMatch(line, /[\r\n\u2028\u2029]|^X-Evil/);
}
