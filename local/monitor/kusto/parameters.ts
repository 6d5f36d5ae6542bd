/** A text in which parameters stand for values, with the way back to where they were written. */
interface FilledText {
  readonly text: string;
  /** Where a character of the filled text comes from in the original. */
  original(offset: number): number;
  /** Parameters without a value, and where they stand in the original. */
  readonly undeclared: readonly { readonly name: string; readonly offset: number }[];
}

/** A parameter of a workbook or of a template: `{Account}`, `{TimeRange:start}`. The body of a function follows `)`. */
const parameter = /(?<!\)\s*)\{([A-Za-z]\w*)(:\w+)?\}/g;

/** Replaces each `{Name}` or `{Name:format}` by the value that is given for it, or else for `Name`. */
export function fillParameters(text: string, values: Readonly<Record<string, string>>): FilledText {
  const undeclared: { name: string; offset: number }[] = [];
  const pieces: {
    readonly filledStart: number;
    readonly originalStart: number;
    readonly isValue: boolean;
  }[] = [];
  let [filled, copied] = ['', 0];
  const copy = (until: number) => {
    pieces.push({ filledStart: filled.length, originalStart: copied, isValue: false });
    filled += text.slice(copied, until);
    copied = until;
  };
  for (const { 0: whole, 1: name = '', 2: format = '', index } of text.matchAll(parameter)) {
    const value = values[`${name}${format}`] ?? values[name];
    copy(index);
    if (value === undefined) {
      undeclared.push({ name, offset: index });
      continue;
    }
    pieces.push({ filledStart: filled.length, originalStart: index, isValue: true });
    filled += value;
    copied += whole.length;
  }
  copy(text.length);
  return {
    text: filled,
    undeclared,
    original(offset) {
      const piece = pieces.findLast(({ filledStart }) => filledStart <= offset);
      if (piece === undefined) return 0;
      return piece.isValue ? piece.originalStart : piece.originalStart + offset - piece.filledStart;
    },
  };
}
