import { inspect } from 'node:util';

const redacted = '[redacted]';

/**
 * A secret that cannot print itself: string conversion, JSON and `util.inspect` all give `[redacted]`.
 * Only the adapter that sends the value, and the parser that receives it, call {@link Sensitive.reveal}.
 */
export class Sensitive {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. */
  reveal(): string {
    return this.#value;
  }

  /** The size in bytes of UTF-8, the unit in which Key Vault limits a value. */
  get byteLength(): number {
    return Buffer.byteLength(this.#value);
  }

  equals(other: Sensitive): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
