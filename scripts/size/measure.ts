import { stripTypeScriptTypes } from 'node:module';
import { type Node, parse } from 'acorn';

/** What is counted of one source file. */
export interface FileSize {
  readonly lines: number;
  readonly exports: number;
  /** Lines of each function that has a name. */
  readonly functions: readonly { readonly name: string; readonly lines: number }[];
}

/** What is counted of a room. */
export interface RoomSize {
  readonly files: number;
  readonly lines: number;
  readonly exports: number;
  readonly functions: number;
  readonly medianFunctionLines: number;
  readonly longestFunctionLines: number;
}

const exported =
  /^export (?:declare |abstract |async )*(?:const|let|function\*?|class|type|interface|enum) \w+|^export (?:type )?\{([^}]*)\}/gm;

function countExports(source: string): number {
  return [...source.matchAll(exported)].reduce(
    (sum, [, names]) =>
      sum + (names === undefined ? 1 : names.split(',').filter((name) => name.trim()).length),
    0,
  );
}

type Syntax = Node & Readonly<Record<string, unknown>>;
const isSyntax = (value: unknown): value is Syntax =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

const functionTypes = new Set(['FunctionExpression', 'ArrowFunctionExpression']);

/** The name that a declaration, method, property or constant gives to a function; undefined for a callback. */
function namedFunction(node: Syntax): string | undefined {
  if (node.type === 'FunctionDeclaration') return nameIn(node['id']);
  const value = node.type === 'VariableDeclarator' ? node['init'] : node['value'];
  if (!isSyntax(value) || !functionTypes.has(value.type)) return undefined;
  return nameIn(node.type === 'VariableDeclarator' ? node['id'] : node['key']);
}

function nameIn(value: unknown): string | undefined {
  return isSyntax(value) && typeof value['name'] === 'string' ? value['name'] : undefined;
}

function* nodesIn(value: unknown): Generator<Syntax> {
  if (Array.isArray(value)) for (const each of value) yield* nodesIn(each);
  if (!isSyntax(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* nodesIn(child);
}

/** Counts lines, exports and named functions; Node's own type stripping leaves every line where it is. */
export function measureFile(source: string): FileSize {
  const options = { ecmaVersion: 'latest', sourceType: 'module', locations: true } as const;
  const program = parse(stripTypeScriptTypes(source), options);
  const functions = [...nodesIn(program)].flatMap((node) => {
    const name = namedFunction(node);
    const { start, end } = node.loc ?? {};
    return name === undefined || !start || !end ? [] : [{ name, lines: end.line - start.line + 1 }];
  });
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  return { lines, exports: countExports(source), functions };
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

/** The files of a room together. */
export function measureRoom(files: readonly FileSize[]): RoomSize {
  const functions = files.flatMap((file) => file.functions.map(({ lines }) => lines)).sort((a, b) => a - b);
  const sum = (key: 'lines' | 'exports') => files.reduce((total, file) => total + file[key], 0);
  return {
    files: files.length,
    lines: sum('lines'),
    exports: sum('exports'),
    functions: functions.length,
    medianFunctionLines: median(functions),
    longestFunctionLines: functions.at(-1) ?? 0,
  };
}
