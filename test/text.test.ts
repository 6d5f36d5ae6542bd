import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeText, isPlainLine, withoutByteOrderMark, withoutControls } from '../src/text.ts';

const text = '{"owner":"Müller 部"}';
const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');

describe('a text of a file or a pipe is read', () => {
  const rows: readonly (readonly [string, Buffer])[] = [
    ['in UTF-8', Buffer.from(text)],
    ['in UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['in UTF-16, little endian', utf16],
    ['in UTF-16, big endian', Buffer.from(utf16).swap16()],
  ];
  for (const [sentence, bytes] of rows) {
    test(sentence, () => assert.equal(decodeText(bytes), text));
  }

  test('of no byte and of one', () => {
    assert.equal(decodeText(Buffer.of()), '');
    assert.equal(decodeText(Buffer.from('a')), 'a');
  });
});

test('only a byte order mark at the start is one', () => {
  assert.equal(withoutByteOrderMark('\ufeffa\ufeff'), 'a\ufeff');
});

describe('what a terminal would obey is taken away', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['a colour', '\u001b[31mred\u001b[0m', 'red'],
    ['the title of the window, and its text', 'a\u001b]0;evil\u0007b', 'ab'],
    ['a link', '\u001b]8;;https://evil.example\u001b\\here\u001b]8;;\u001b\\', 'here'],
    ['the same begun by one character of C1', '\u009b31mred', 'red'],
    ['a lone escape, backspace and carriage return', 'a\u001bb\bc\rd', 'abcd'],
    ['DEL and C1', 'a\u007fb\u0085c\u009fd', 'abcd'],
  ];
  for (const [sentence, given, shown] of rows) {
    test(sentence, () => {
      assert.equal(withoutControls(given), shown);
      assert.ok(!isPlainLine(given));
    });
  }

  test('but not line ends, tabs and letters of all scripts', () => {
    const kept = 'a\tb\nc – Müller 部 🙂\u00a0';
    assert.equal(withoutControls(kept), kept);
  });

  test('and a plain line has neither of the two', () => {
    assert.deepEqual(
      [isPlainLine('Müller 部'), isPlainLine('a\tb'), isPlainLine('a\nb')],
      [true, false, false],
    );
  });
});
