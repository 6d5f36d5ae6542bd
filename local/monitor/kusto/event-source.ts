import type { Syntax } from './syntax.ts';

/** Which events the rows of a table come from: a set, or any of them. Undefined: from something else than events. */
export type EventSource = { readonly events: ReadonlySet<string> | 'any' } | undefined;

export const anyEvent: EventSource = { events: 'any' };

type Names = ReadonlySet<string>;

const both = (left: Names, right: Names): Names => new Set([...left].filter((name) => right.has(name)));
const either = (left: Names, right: Names): Names => new Set([...left, ...right]);

/** What `let` names stand for, as far as texts go: `let names = dynamic(["A", "B"]);`. */
type Texts = ReadonlyMap<string, readonly string[]>;

/** The texts that literals, arrays of literals and the names of such give; undefined if any of them can't be told. */
export function textsOf(nodes: readonly Syntax[], texts: Texts): readonly string[] | undefined {
  const found = nodes.map((node): readonly string[] | undefined => {
    if (node.stringValue !== undefined && node.kind.endsWith('StringLiteralExpression'))
      return [node.stringValue];
    if (node.kind === 'NameReference') return texts.get(node.name);
    if (node.kind !== 'DynamicExpression') return undefined;
    const array = node.child('Expression');
    return array.kind === 'JsonArrayExpression' ? textsOf(array.items('Values'), texts) : undefined;
  });
  return found.every((list) => list !== undefined) ? found.flat() : undefined;
}

/** The event names that `Name` is compared with in a comparison for equality; undefined for anything else. */
export function comparedNames(node: Syntax, texts: Texts): readonly string[] | undefined {
  const operator = node.optional('Operator')?.text ?? '';
  const [left, right] = [node.optional('Left'), node.optional('Right')];
  if (left === undefined || right === undefined) return undefined;
  const isName = (side: Syntax) => side.kind === 'NameReference' && side.name === 'Name';
  if (['==', '!=', '<>', '=~', '!~'].includes(operator)) {
    if (isName(left)) return textsOf([right], texts);
    return isName(right) ? textsOf([left], texts) : undefined;
  }
  if (['in', '!in', 'in~', '!in~'].includes(operator) && isName(left))
    return textsOf(right.items('Expressions'), texts);
  return undefined;
}

/** The events that a row can come from if a condition holds for it; undefined if the condition does not say. */
export function namesIf(condition: Syntax, texts: Texts): Names | undefined {
  if (condition.kind === 'ParenthesizedExpression') return namesIf(condition.child('Expression'), texts);
  const operator = condition.optional('Operator')?.text ?? '';
  if (condition.kind === 'AndExpression' || condition.kind === 'OrExpression') {
    const left = namesIf(condition.child('Left'), texts);
    const right = namesIf(condition.child('Right'), texts);
    if (condition.kind === 'AndExpression') return left && right ? both(left, right) : (left ?? right);
    return left && right && either(left, right);
  }
  const names = operator.startsWith('!') || operator === '<>' ? undefined : comparedNames(condition, texts);
  return names && new Set(names);
}

/** The source narrowed to the rows for which a condition holds. */
export function narrowed(source: EventSource, names: Names | undefined): EventSource {
  if (source === undefined || names === undefined) return source;
  return { events: source.events === 'any' ? names : both(source.events, names) };
}

/** Where the rows of several tables come from. Something else among them makes it unknown. */
export function combined(sources: readonly EventSource[]): EventSource {
  let events: Names | 'any' = new Set<string>();
  for (const source of sources) {
    if (source === undefined) return undefined;
    events = events === 'any' || source.events === 'any' ? 'any' : either(events, source.events);
  }
  return { events };
}
