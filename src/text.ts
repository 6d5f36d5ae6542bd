import { stripVTControlCharacters } from 'node:util';

/** C0 without tab and line feed, DEL, C1: what a terminal obeys instead of showing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const byteOrderMark = '\ufeff';

/** A text without the byte order mark that editors and shells of Windows put before it. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}

/** The text of a file or a pipe: UTF-8, or UTF-16 where it begins with that mark (Windows PowerShell: `>`, `|`). */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}

/** A text for a terminal: no escape sequence (ECMA-48, OSC included) and no other control character is left. */
export function withoutControls(text: string): string {
  return stripVTControlCharacters(text).replace(controls, '');
}

/** Whether a text is shown as it is: no control character, line ends and tabs included. */
export function isPlainLine(text: string): boolean {
  return withoutControls(text) === text && !/[\t\n]/.test(text);
}
