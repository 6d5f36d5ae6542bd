import { KustoError, type Position, positionAt } from './kusto-error.ts';
import { kindName, listItems, type ServiceNode, type ServiceType } from './language-service.ts';
import type { ScalarType, TableColumn } from './table-schemas.ts';

/** Types that the evaluator knows. `guid` and `decimal` are left out; a query that has them is refused. */
const scalarTypes: ReadonlySet<string> = new Set<ScalarType>([
  'bool',
  'datetime',
  'dynamic',
  'int',
  'long',
  'real',
  'string',
  'timespan',
]);

const isScalarType = (name: string): name is ScalarType => scalarTypes.has(name);

/** A node of the syntax tree, as the language service parsed and typed it. */
export class Syntax {
  readonly kind: string;
  readonly #node: ServiceNode;
  readonly #text: string;

  constructor(node: ServiceNode, text: string) {
    this.#node = node;
    this.#text = text;
    this.kind = kindName(node.Kind);
  }

  get start(): number {
    return this.#node.TextStart;
  }

  get position(): Position {
    return positionAt(this.#text, this.#node.TextStart);
  }

  /** The source text. */
  get text(): string {
    return this.#text.slice(this.#node.TextStart, this.#node.End);
  }

  /** The name that a reference or a declaration holds. */
  get name(): string {
    return this.#node.SimpleName ?? this.text;
  }

  /** A string literal's content. */
  get stringValue(): string | undefined {
    const value = this.#node.LiteralValue;
    return typeof value === 'string' ? value : undefined;
  }

  /** What a token means, without quotes or the type around it: `2020-01-01` of `datetime(2020-01-01)`. */
  get tokenValue(): string {
    return this.#node.ValueText ?? this.child('Token').tokenValue;
  }

  /** Name of the type as Kusto has it, for what has one. */
  get typeName(): string | undefined {
    return this.#node.ResultType?.Name;
  }

  /** Type of a scalar expression. */
  get type(): ScalarType {
    const name = this.typeName ?? 'unknown';
    if (!isScalarType(name)) throw this.unsupported(`the type ${name}`);
    return name;
  }

  /** True for a table, and for functions that return several columns, such as arg_max. */
  get hasColumns(): boolean {
    return (this.#node.ResultType?.Columns?.Count ?? 0) > 0;
  }

  /** Columns of a tabular expression. */
  get columns(): TableColumn[] {
    return columnsOf(this.#node.ResultType ?? undefined);
  }

  get children(): Syntax[] {
    const children: Syntax[] = [];
    for (let index = 0; index < this.#node.ChildCount; index++) {
      const child = this.#node.GetChild(index);
      if (child !== null) children.push(new Syntax(child, this.#text));
    }
    return children;
  }

  optional(name: string): Syntax | undefined {
    for (let index = 0; index < this.#node.ChildCount; index++) {
      if (this.#node.GetName(index) !== name) continue;
      const child = this.#node.GetChild(index);
      return child === null ? undefined : new Syntax(child, this.#text);
    }
    return undefined;
  }

  child(name: string): Syntax {
    return this.optional(name) ?? this.#missing(name);
  }

  /** The elements of a list, without the commas between them. */
  items(name: string): Syntax[] {
    const list = this.optional(name)?.children ?? [];
    return list.map((item) => (item.kind === 'SeparatedElement' ? (item.children[0] ?? item) : item));
  }

  /** This node and all below it, in the order of the text. */
  *descendants(): Generator<Syntax> {
    yield this;
    for (const child of this.children) yield* child.descendants();
  }

  unsupported(what: string): KustoError {
    return new KustoError('unsupported', `the evaluator does not know ${what}`, this.position);
  }

  #missing(name: string): never {
    throw new KustoError('unsupported', `${this.kind} has no ${name}`, this.position);
  }
}

/** The columns of a table's type; none for a scalar. A column of an unknown type counts as dynamic. */
export function columnsOf(type: ServiceType | undefined): TableColumn[] {
  const columns = type?.Columns;
  if (columns === undefined || columns === null) return [];
  return listItems(columns).map(({ Name, Type }) => ({
    name: Name,
    type: isScalarType(Type.Name) ? Type.Name : 'dynamic',
  }));
}
