/** Key Vault's page size, both default and maximum. */
export const maximumPageSize = 25;

/** Where the next page begins. */
export interface PageCursor {
  /** The last key already given; the empty string before the first. */
  readonly after: string;
  readonly pageIndex: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly next?: PageCursor;
}

export const firstPage: PageCursor = { after: '', pageIndex: 0 };

/** The keys of one page out of all keys, which are sorted. A size of 0 gives an empty page with a successor. */
export function pageOf(sortedKeys: readonly string[], cursor: PageCursor, size: number): Page<string> {
  const begin = firstIndexAfter(sortedKeys, cursor.after);
  const items = sortedKeys.slice(begin, begin + size);
  if (begin + items.length >= sortedKeys.length) return { items };
  return { items, next: { after: items.at(-1) ?? cursor.after, pageIndex: cursor.pageIndex + 1 } };
}

function firstIndexAfter(sortedKeys: readonly string[], key: string): number {
  let low = 0;
  let high = sortedKeys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sortedKeys[middle] ?? '') > key) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The text that stands for a cursor in a nextLink's `$skiptoken`. */
export function encodeSkipToken(cursor: PageCursor): string {
  return Buffer.from(`secret/${cursor.after}/${cursor.pageIndex}`).toString('base64url');
}

/** Undefined for text that {@link encodeSkipToken} did not make. */
export function decodeSkipToken(token: string): PageCursor | undefined {
  const match = /^secret\/([^/]*)\/(\d+)$/.exec(Buffer.from(token, 'base64url').toString());
  if (match === null) return undefined;
  return { after: match[1] ?? '', pageIndex: Number(match[2]) };
}
