import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';

type OnTerminal = { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command reads and writes: results on `output`, everything else on `error`. */
export interface Streams {
  readonly input: Readable & OnTerminal;
  readonly output: Writable & OnTerminal;
  readonly error: Writable & OnTerminal;
}

export type Tone = 'good' | 'wait' | 'bad' | 'quiet';
const colours = { good: 'green', wait: 'yellow', bad: 'red', quiet: 'gray' } as const;

/** The three streams of a command, and what may be done with them. */
export class Terminal {
  readonly streams: Streams;
  /** Whether somebody is there to be asked. */
  readonly canAsk: boolean;
  readonly #paints: boolean;

  constructor(streams: Streams, env: NodeJS.ProcessEnv) {
    this.streams = streams;
    this.canAsk = streams.input.isTTY === true && streams.error.isTTY === true;
    // https://no-color.org: present and not empty, whatever its value.
    const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
    this.#paints = streams.output.isTTY === true && !refused;
  }

  /** Characters in a line of the result. */
  get width(): number {
    return Math.max(80, this.streams.output.columns ?? 120);
  }

  result(lines: string): void {
    this.streams.output.write(`${lines}\n`);
  }

  tell(line: string): void {
    this.streams.error.write(`${line}\n`);
  }

  /** A word of the result in its colour, where colours are wanted. */
  paint(tone: Tone, word: string): string {
    return this.#paints ? styleText(colours[tone], word, { validateStream: false }) : word;
  }

  /** All of the standard input. */
  readInput(): Promise<string> {
    return text(this.streams.input);
  }
}
