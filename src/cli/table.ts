import Table from 'cli-table3';
import { withoutControls } from '../text.ts';
import type { Terminal, Tone } from './terminal.ts';

/** One thing that is told of each row. */
export interface Column<R> {
  readonly head: string;
  /** Several texts stand one below the other, or in one line with commas between. */
  readonly cell: (row: R) => string | readonly string[];
  readonly tone?: (row: R) => Tone;
  /** Shown with `--wide` only. */
  readonly wide?: boolean;
}

/** No colours of its own, no lines between rows: what is read is the text. */
const plain = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  wordWrap: true,
};
/** The line between two cells, and a blank on both sides of each. */
const frame = 3;
const leastLastWidth = 24;
const leastWidth = 8;

/**
 * Rows in a frame, with a line below the head; what is too long for its column goes on in a further line.
 *
 * @param columns each with its width in characters, without the blanks on both sides
 */
export function framed(
  columns: readonly { readonly head: string; readonly width: number }[],
  rows: readonly (readonly string[])[],
): string {
  const drawn = new Table({
    ...plain,
    head: columns.map(({ head }) => head),
    colWidths: columns.map(({ width }) => width + 2),
  });
  for (const row of rows) drawn.push([...row]);
  const [top = '', head = '', ...others] = drawn.toString().split('\n');
  const line = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  return [top, head, line, ...others].join('\n');
}

/** Takes from the last column first, which is the longest text, then from the widest. */
function fitted(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const last = widths.length - 1;
  const excess = (): number => widths.reduce((sum, each) => sum + each + frame, 1) - width;
  const shrink = (index: number, least: number): void => {
    const present = widths[index] ?? 0;
    widths[index] = Math.min(present, Math.max(least, present - Math.max(excess(), 0)));
  };
  shrink(last, leastLastWidth);
  while (excess() > 0 && Math.max(...widths.slice(0, last)) > leastWidth) {
    const widest = widths.indexOf(Math.max(...widths.slice(0, last)));
    shrink(widest, Math.max(leastWidth, (widths[widest] ?? 0) - 1));
  }
  return widths;
}

/**
 * Rows as a table: on a terminal in a frame that fits it, elsewhere and with `--wide` one line a row.
 *
 * @param wide with all columns
 */
export function table<R>(
  terminal: Terminal,
  columns: readonly Column<R>[],
  rows: readonly R[],
  wide: boolean,
): string {
  const isFramed = terminal.isTerminal && !wide;
  const shown = columns.filter((column) => wide || column.wide !== true);
  const heads = shown.map(({ head }) => head);
  const textOf = (cell: string | readonly string[]): string => {
    const lines = [cell].flat().map(withoutControls);
    return isFramed ? lines.join('\n') : lines.join(', ').replace(/\s+/g, ' ');
  };
  const texts = rows.map((row) => shown.map(({ cell }) => textOf(cell(row))));
  const longest = heads.map((head, index) => {
    const lines = [head, ...texts.map((cells) => cells[index] ?? '')].flatMap((text) => text.split('\n'));
    return Math.max(...lines.map(({ length }) => length));
  });
  const widths = isFramed ? fitted(longest, terminal.width) : longest;
  const sized = heads.map((head, index) => ({ head, width: widths[index] ?? 0, tone: shown[index]?.tone }));
  const cells = texts.map((row, at) =>
    sized.map(({ width, tone }, index) => {
      const text = row[index] ?? '';
      // In a frame a word that is longer than its column would be cut off.
      const tooLong = new RegExp(`\\S{${width}}(?=\\S)`, 'g');
      const fit = isFramed ? text.replace(tooLong, '$&\n') : text.padEnd(width);
      const told = rows[at];
      return tone === undefined || told === undefined ? fit : terminal.paint(tone(told), fit);
    }),
  );
  if (isFramed) return framed(sized, cells);
  const head = sized.map((column) => column.head.padEnd(column.width));
  return [head, ...cells].map((row) => row.join('  ').trimEnd()).join('\n');
}
