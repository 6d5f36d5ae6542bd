import type { Syntax } from './syntax.ts';

/** Something wrong in a query, and at which character. */
export interface FaultAt {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
}

export function faultAt(node: Syntax, code: string, message: string): FaultAt {
  return { code, message, offset: node.start };
}
