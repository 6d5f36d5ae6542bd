import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type { TableSchema } from './table-schemas.ts';

/** Kusto's own language service is C# turned into JavaScript; these are the parts of it that we use. */
interface ServiceList<T> {
  readonly Count: number;
  getItem(index: number): T;
}

export interface ServiceType {
  readonly Name: string;
  readonly Columns?: ServiceList<{ readonly Name: string; readonly Type: ServiceType }> | null;
}

export interface ServiceNode {
  readonly Kind: number;
  readonly TextStart: number;
  readonly End: number;
  readonly ChildCount: number;
  readonly ResultType?: ServiceType | null;
  /** The name that a reference or a declaration holds, without brackets. */
  readonly SimpleName?: string;
  /** What a token means: a string without its quotes. */
  readonly ValueText?: string;
  readonly LiteralValue?: unknown;
  GetChild(index: number): ServiceNode | null;
  GetName(index: number): string | null;
}

interface ServiceDiagnostic {
  readonly Code: string;
  readonly Severity: string;
  readonly Message: string;
  readonly Start: number;
}

interface ServiceCode {
  readonly Syntax: ServiceNode;
  readonly ResultType: ServiceType | null;
  GetDiagnostics(): ServiceList<ServiceDiagnostic>;
}

interface GlobalState {
  WithDatabase(database: unknown): GlobalState;
}

interface LanguageService {
  readonly KustoCode: { ParseAndAnalyze(text: string, globals: GlobalState): ServiceCode };
  readonly GlobalState: { readonly Default: GlobalState };
  readonly Symbols: {
    readonly TableSymbol: { readonly $ctor7: new (name: string, schema: string) => unknown };
    readonly DatabaseSymbol: {
      readonly ctor: new (name: string, tables: unknown[], functions: null) => unknown;
    };
  };
  readonly Syntax: { readonly SyntaxKind: Readonly<Record<string, unknown>> };
}

/** Loaded once: 0.3 seconds. A context of its own keeps the globals that it needs out of ours. */
function load(): LanguageService {
  const folder = dirname(createRequire(import.meta.url).resolve('@kusto/language-service-next/package.json'));
  const context = createContext({});
  for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
    runInContext(readFileSync(join(folder, file), 'utf8'), context, { filename: file });
  }
  return (context as { Kusto: { Language: LanguageService } }).Kusto.Language;
}

let loaded: { readonly service: LanguageService; readonly kinds: ReadonlyMap<number, string> } | undefined;

function languageService() {
  if (loaded === undefined) {
    const service = load();
    const kinds = Object.entries(service.Syntax.SyntaxKind).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    );
    loaded = { service, kinds: new Map(kinds.map(([name, value]) => [value, name])) };
  }
  return loaded;
}

/** The name of a syntax kind, such as `FilterOperator`. */
export function kindName(kind: number): string {
  return languageService().kinds.get(kind) ?? `kind ${kind}`;
}

const globalsOf = new WeakMap<readonly TableSchema[], GlobalState>();

function globals(tables: readonly TableSchema[]): GlobalState {
  const known = globalsOf.get(tables);
  if (known !== undefined) return known;
  const { service } = languageService();
  const symbols = tables.map(({ name, columns }) => {
    const declaration = columns.map((column) => `${column.name}:${column.type}`).join(',');
    return new service.Symbols.TableSymbol.$ctor7(name, `(${declaration})`);
  });
  const database = new service.Symbols.DatabaseSymbol.ctor('workspace', symbols, null);
  const state = service.GlobalState.Default.WithDatabase(database);
  globalsOf.set(tables, state);
  return state;
}

interface Analysis {
  readonly root: ServiceNode;
  /** What the query returns; undefined if that can't be told because of errors. */
  readonly resultType: ServiceType | undefined;
  readonly diagnostics: readonly ServiceDiagnostic[];
}

/** Parses a query and resolves its names and types against the tables. */
export function analyze(text: string, tables: readonly TableSchema[]): Analysis {
  const code = languageService().service.KustoCode.ParseAndAnalyze(text, globals(tables));
  return {
    root: code.Syntax,
    resultType: code.ResultType ?? undefined,
    diagnostics: listItems(code.GetDiagnostics()),
  };
}

export function listItems<T>(list: ServiceList<T>): T[] {
  return Array.from({ length: list.Count }, (_, index) => list.getItem(index));
}
