/** Where something stands in a query; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * - `invalid_query`: the language service found errors in the query.
 * - `unsupported`: the query is valid, but the evaluator doesn't know an operator, a function or a use of it.
 * - `missing_table`: the query reads a table that the caller did not pass.
 * - `bad_input`: a value in an input row is not of its column's type.
 * - `evaluation_failed`: a value came up whose result in Kusto is not known for sure, such as a division by zero.
 */
export type KustoErrorCode =
  | 'invalid_query'
  | 'unsupported'
  | 'missing_table'
  | 'bad_input'
  | 'evaluation_failed';

/** A query that cannot be compiled or run. The message names what is wrong, and where. */
export class KustoError extends Error {
  override readonly name = 'KustoError';
  readonly code: KustoErrorCode;
  readonly position: Position | undefined;

  constructor(code: KustoErrorCode, message: string, position?: Position) {
    super(position === undefined ? message : `${message} (line ${position.line}, column ${position.column})`);
    this.code = code;
    this.position = position;
  }
}

/** The line and column of a character in a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1 };
}
