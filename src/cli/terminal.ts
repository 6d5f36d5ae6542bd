import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { styleText } from 'node:util';
import { decodeText, withoutControls } from '../text.ts';

type OnTerminal = { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command reads and writes: results on `output`, everything else on `error`. */
export interface Streams {
  readonly input: Readable & OnTerminal;
  readonly output: Writable & OnTerminal;
  readonly error: Writable & OnTerminal;
}

export type Tone = 'good' | 'wait' | 'bad' | 'quiet';
const colours = { good: 'green', wait: 'yellow', bad: 'red', quiet: 'gray' } as const;
/** What `styleText` writes for these colours and their end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const painted = /(\u001b\[(?:31|32|33|39|90)m)/;

/** The three streams of a command, and what may be done with them. */
export class Terminal {
  readonly streams: Streams;
  /** Whether somebody is there to be asked. */
  readonly canAsk: boolean;
  /** Whether results go to a terminal, not into a file or another program. */
  readonly isTerminal: boolean;
  readonly #paints: boolean;

  constructor(streams: Streams, env: NodeJS.ProcessEnv) {
    this.streams = streams;
    this.canAsk = streams.input.isTTY === true && streams.error.isTTY === true;
    // https://no-color.org: present and not empty, whatever its value.
    const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
    this.isTerminal = streams.output.isTTY === true;
    this.#paints = this.isTerminal && !refused;
  }

  /** Characters in a line of the result. */
  get width(): number {
    return Math.max(80, this.streams.output.columns ?? 120);
  }

  /** Lines of the result. What stands in a vault may have come from anybody: only the colours of `paint` get through. */
  result(lines: string): void {
    const parts = lines.split(painted).map((part, index) => (index % 2 === 1 ? part : withoutControls(part)));
    this.streams.output.write(`${this.#paints ? parts.join('') : withoutControls(lines)}\n`);
  }

  /** Sentences, of which none goes over the end of the terminal's line. */
  sentences(text: string): string {
    if (!this.isTerminal) return text;
    return text.replace(new RegExp(`(?=.{${this.width + 1}})(.{1,${this.width}}) +`, 'g'), '$1\n');
  }

  /** A line beside the result. */
  tell(line: string): void {
    this.streams.error.write(`${withoutControls(line)}\n`);
  }

  /** A word of the result in its colour, where colours are wanted. */
  paint(tone: Tone, word: string): string {
    return this.#paints ? styleText(colours[tone], word, { validateStream: false }) : word;
  }

  /** All of the standard input. */
  async readInput(): Promise<string> {
    return decodeText(await buffer(this.streams.input));
  }
}
