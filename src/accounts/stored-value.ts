import type { Sensitive } from '../sensitive.ts';
import { isGuid } from './entra-ids.ts';

/** What is wrong with a value as it was stored, as the end of a sentence that begins with the secret. */
function storedValueFault(value: Sensitive): string | undefined {
  const text = value.reveal();
  if (text === '') return 'is empty';
  if (text.startsWith('\ufeff'))
    return 'begins with a byte order mark, which belongs to the file it came from';
  // The usual trace of `echo secret | az …`; Entra takes values literally.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /^\s|\s$|[\u0000-\u001f\u007f]/.test(text) ? 'has blanks or a line end around it' : undefined;
}

/**
 * What can be seen to be wrong with a client secret: besides, a GUID is the id of a client secret, which the portal
 * shows beside its value (Entra: AADSTS7000215).
 */
export function clientSecretFault(value: Sensitive): string | undefined {
  const isId = isGuid(value.reveal());
  return isId ? "is a GUID: a client secret's id, not its value" : storedValueFault(value);
}

/**
 * What can be seen to be wrong with a refresh token. One from the token endpoint is opaque; with one that somebody
 * stored by hand its wrapping may have been stored, too.
 */
export function refreshTokenValueFault(value: Sensitive, storedByHand: boolean): string | undefined {
  return (storedByHand ? wrappingOf(value.reveal()) : undefined) ?? storedValueFault(value);
}

function wrappingOf(text: string): string | undefined {
  if (/^(["']).*\1$/s.test(text)) return 'stands in quotes';
  if (/^[{[]/.test(text)) return 'is the JSON of an answer, not the refresh_token in it';
  if (/%[0-9a-f]{2}/i.test(text)) return 'is percent-encoded';
  return isBase64OfText(text) ? 'is encoded in base64' : undefined;
}

/** Chance makes no printable text of what is not base64 of one. */
function isBase64OfText(text: string): boolean {
  if (text.length < 40 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return false;
  return /^[\x21-\x7e]+$/.test(Buffer.from(text, 'base64').toString('latin1').trim());
}
