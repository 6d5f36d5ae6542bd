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

interface Cell {
  readonly lines: readonly string[];
  readonly tone: Tone | undefined;
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

/** In a frame that fits the terminal. */
function drawn(terminal: Terminal, heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const natural = heads.map((head, index) =>
    Math.max(head.length, ...rows.flatMap((row) => row[index]?.lines.map(({ length }) => length) ?? [])),
  );
  const widths = fitted(natural, terminal.width);
  const texts = rows.map((row) =>
    row.map(({ lines, tone }, index) => {
      // A word that is longer than its column would be cut off.
      const tooLong = new RegExp(`\\S{${widths[index]}}(?=\\S)`, 'g');
      const text = lines.join('\n').replace(tooLong, '$&\n');
      return tone === undefined ? text : terminal.paint(tone, text);
    }),
  );
  return framed(
    heads.map((head, index) => ({ head, width: widths[index] ?? 0 })),
    texts,
  );
}

/** One line a row, whatever its length, for another program or `--wide`. */
function listed(terminal: Terminal, heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const oneLine = ({ lines }: Cell): string => lines.join(', ').replace(/\s+/g, ' ');
  const widths = heads.map((head, index) =>
    Math.max(head.length, ...rows.map((row) => row[index] ?? none).map((cell) => oneLine(cell).length)),
  );
  const padded = (text: string, index: number): string =>
    index === heads.length - 1 ? text : text.padEnd((widths[index] ?? 0) + 2);
  const lines = rows.map((row) =>
    row.map((cell, index) => {
      const text = padded(oneLine(cell), index);
      return cell.tone === undefined ? text : terminal.paint(cell.tone, text);
    }),
  );
  return [heads.map(padded), ...lines].map((cells) => cells.join('').trimEnd()).join('\n');
}

const none: Cell = { lines: [''], tone: undefined };

/**
 * Rows as a table: on a terminal drawn to fit its width, elsewhere and with `--wide` one line a row.
 *
 * @param wide with all columns
 */
export function table<R>(
  terminal: Terminal,
  columns: readonly Column<R>[],
  rows: readonly R[],
  wide: boolean,
): string {
  const shown = columns.filter((column) => wide || column.wide !== true);
  const cells = rows.map((row) =>
    shown.map(
      ({ cell, tone }): Cell => ({ lines: [cell(row)].flat().map(withoutControls), tone: tone?.(row) }),
    ),
  );
  const draw = terminal.isTerminal && !wide ? drawn : listed;
  return draw(
    terminal,
    shown.map(({ head }) => head),
    cells,
  );
}
