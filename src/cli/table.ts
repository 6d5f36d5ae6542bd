import Table from 'cli-table3';

/** No colours of its own, no lines between rows: what is read is the text. */
const plain = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  wordWrap: true,
};

export interface Column {
  readonly head: string;
  /** With a blank on both sides. */
  readonly width: number;
}

/** Rows as a table for a terminal, with a line below its head; what is too long goes on in a further line. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    ...plain,
    head: columns.map(({ head }) => head),
    colWidths: columns.map(({ width }) => width),
  });
  for (const row of rows) drawn.push([...row]);
  const [top = '', head = '', ...others] = drawn.toString().split('\n');
  const line = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  return [top, head, line, ...others].join('\n');
}

/**
 * Widths for columns: each as wide as its longest cell, but the last one, which takes what is left of the line.
 *
 * @param width characters of a line, borders included
 */
export function fitted(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  widest = 40,
): Column[] {
  const lengthOf = (cell = ''): number => Math.max(...cell.split('\n').map(({ length }) => length));
  const longest = heads.map((head, index) =>
    Math.min(widest, Math.max(head.length, ...rows.map((row) => lengthOf(row[index])))),
  );
  const fixed = longest.slice(0, -1).reduce((sum, length) => sum + length + 3, 1);
  return heads.map((head, index) => ({
    head,
    width: index === heads.length - 1 ? Math.max(24, width - fixed - 1) : (longest[index] ?? 0) + 2,
  }));
}
