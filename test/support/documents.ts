import { readFileSync } from 'node:fs';

export const root = new URL('../../', import.meta.url);

/** A file of the repository, by its path. */
export const readText = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** The first cell of each row of the tables under a heading. */
export function firstCells(document: string, heading: string): string[] {
  const section = document.split(/^#+ /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell ?? '');
}
