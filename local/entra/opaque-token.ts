const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const separator = '.';

/** 8 KB of characters as real tokens have them; what makes a token long. */
const filler = makeFiller(8192);

function makeFiller(length: number): string {
  let seed = 1;
  let text = '';
  for (let index = 0; index < length; index++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet[seed >>> 26] ?? '';
  }
  return text;
}

/**
 * A token that looks opaque and carries whole numbers for {@link decodeOpaqueToken}, so that the issuer stores
 * nothing. It is about `length` characters long, longer only when the numbers need it; at most about 8 KB.
 */
export function encodeOpaqueToken(prefix: string, numbers: readonly number[], length: number): string {
  let body = prefix;
  for (const number of numbers) body += number.toString(36) + separator;
  body += filler.slice(0, Math.max(0, length - body.length - 12));
  return body + separator + checkValue(body);
}

/** The numbers inside, or undefined for text that is damaged, cut short, or was never a token. */
export function decodeOpaqueToken(prefix: string, token: string): number[] | undefined {
  const end = token.lastIndexOf(separator);
  if (end < 0 || !token.startsWith(prefix)) return undefined;
  const body = token.slice(0, end);
  if (token.slice(end + 1) !== checkValue(body)) return undefined;
  const numbers = body.slice(prefix.length).split(separator).slice(0, -1);
  return numbers.map((text) => Number.parseInt(text, 36));
}

/** 53 bits over the whole text (two multiplicative hashes): finds accidents, not forgers. */
function checkValue(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & low) + (high >>> 0)).toString(36);
}
