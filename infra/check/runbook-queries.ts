import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileFault } from '../../local/file-fault.ts';
import { checkQuery } from '../../local/monitor/kusto/check-query.ts';

export const runbookFile = 'docs/runbook.md';

interface Block {
  readonly query: string;
  /** Of the fence's first line within the file, from 1. */
  readonly line: number;
}

function kqlBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```kql\n(.*?)^```/gms)].map(({ index, 1: query = '' }) => ({
    query,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** Holds the queries that the runbook tells people to run against the tables and the event contract. */
export function checkRunbookQueries(root: string): {
  readonly queries: number;
  readonly faults: FileFault[];
} {
  const blocks = kqlBlocks(readFileSync(join(root, runbookFile), 'utf8'));
  const faults = blocks.flatMap(({ query, line: first }) =>
    checkQuery(query, { kind: 'workbook' }).map(({ code, message, line }) => ({
      file: runbookFile,
      line: first + line,
      rule: code,
      message,
    })),
  );
  return { queries: blocks.length, faults };
}
