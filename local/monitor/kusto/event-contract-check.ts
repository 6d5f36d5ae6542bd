import {
  anyEvent,
  combined,
  comparedNames,
  type EventSource,
  namesIf,
  narrowed,
  textsOf,
} from './event-source.ts';
import { type FaultAt, faultAt } from './query-fault.ts';
import type { Syntax } from './syntax.ts';

export type EventContract = Readonly<
  Record<string, { readonly properties: readonly string[]; readonly measurements: readonly string[] }>
>;

const bags = { Properties: 'properties', Measurements: 'measurements' } as const;
type Bag = keyof typeof bags;
const isBag = (name: string): name is Bag => Object.hasOwn(bags, name);

/**
 * Checks the event names and the keys of Properties and Measurements that a query reads of AppEvents: a key must
 * belong to one of the events that the rows can come from at that place. Conditions on Name narrow them, through
 * pipes, `let`s, joins, unions and `iff`; where nothing does, some event must have the key.
 */
export function checkEventContract(root: Syntax, contract: EventContract): FaultAt[] {
  const walk = new ContractWalk(contract);
  walk.statements(root.items('Statements'));
  return walk.faults;
}

class ContractWalk {
  readonly faults: FaultAt[] = [];
  readonly #contract: EventContract;
  readonly #sources = new Map<string, EventSource>();
  readonly #texts = new Map<string, readonly string[]>();

  constructor(contract: EventContract) {
    this.#contract = contract;
  }

  statements(statements: readonly Syntax[]): void {
    for (const statement of statements) {
      const expression = statement.optional('Expression');
      if (expression === undefined) continue;
      const name = statement.optional('Name')?.name;
      const texts = textsOf([expression], this.#texts);
      if (name !== undefined && texts !== undefined) this.#texts.set(name, texts);
      else if (name === undefined) this.#relation(expression);
      else this.#sources.set(name, this.#binding(expression));
    }
  }

  #binding(value: Syntax): EventSource {
    if (value.kind !== 'FunctionDeclaration') return this.#relation(value);
    const body = value.child('Body');
    this.statements(body.items('Statements'));
    const result = body.optional('Expression');
    return result && this.#relation(result);
  }

  /** Walks a tabular expression (or a scalar one, which comes from nothing) and tells where its rows come from. */
  #relation(node: Syntax): EventSource {
    switch (node.kind) {
      case 'ParenthesizedExpression':
      case 'MaterializeExpression':
        return this.#relation(node.child('Expression'));
      case 'NameReference':
        return this.#sources.has(node.name) ? this.#sources.get(node.name) : tableSource(node.name);
      case 'FunctionCallExpression':
        if (this.#sources.has(node.child('Name').name)) return this.#sources.get(node.child('Name').name);
        break;
      case 'PipeExpression':
        return this.#operator(node.child('Operator'), node.child('Expression'));
      case 'UnionOperator':
        return combined(node.items('Expressions').map((table) => this.#relation(table)));
    }
    this.#children(node, undefined);
    return undefined;
  }

  #operator(node: Syntax, inputNode: Syntax): EventSource {
    const input = this.#relation(inputNode);
    switch (node.kind) {
      case 'FilterOperator':
        this.#expression(node.child('Condition'), input);
        return narrowed(input, namesIf(node.child('Condition'), this.#texts));
      case 'UnionOperator':
        return combined([input, ...node.items('Expressions').map((table) => this.#relation(table))]);
      case 'JoinOperator':
      case 'LookupOperator': {
        const right = this.#relation(node.child('Expression'));
        return hasBags(inputNode) ? input : right;
      }
      default:
        this.#children(node, input);
        return input;
    }
  }

  #children(node: Syntax, source: EventSource): void {
    for (const child of node.children) this.#expression(child, source);
  }

  #expression(node: Syntax, source: EventSource): void {
    if (isTabular(node)) {
      this.#relation(node);
      return;
    }
    if (source !== undefined) this.#check(node, source);
    switch (node.kind) {
      case 'AndExpression': {
        const inner = narrowed(source, namesIf(node, this.#texts));
        this.#expression(node.child('Left'), inner);
        this.#expression(node.child('Right'), inner);
        return;
      }
      case 'FunctionCallExpression':
        this.#call(node, source);
        return;
      default:
        this.#children(node, source);
    }
  }

  /** In `iff` and `case` a value is read only if its condition holds. */
  #call(node: Syntax, source: EventSource): void {
    const args = node.child('ArgumentList').items('Expressions');
    const isChoice = ['case', 'iff', 'iif'].includes(node.child('Name').name);
    args.forEach((arg, index) => {
      const condition = isChoice && index % 2 === 1 ? args[index - 1] : undefined;
      this.#expression(arg, narrowed(source, condition && namesIf(condition, this.#texts)));
    });
  }

  #check(node: Syntax, source: NonNullable<EventSource>): void {
    for (const name of comparedNames(node, this.#texts) ?? []) {
      if (Object.hasOwn(this.#contract, name)) continue;
      this.faults.push(faultAt(node, 'unknown_event', `there is no event ${name}`));
    }
    if (node.kind === 'SimpleNamedExpression') this.#checkAlias(node);
    if (node.kind !== 'PathExpression' && node.kind !== 'ElementExpression') return;
    const bag = node.child('Expression').kind === 'NameReference' ? node.child('Expression').name : '';
    if (isBag(bag)) this.#checkKey(node, bag, source);
  }

  #checkAlias(node: Syntax): void {
    const { kind, name: bag } = node.child('Expression');
    if (kind !== 'NameReference' || !isBag(bag) || node.child('Name').name === bag) return;
    this.faults.push(
      faultAt(node, 'renamed_bag', `${bag} under another name can't be checked; read ${bag}.key`),
    );
  }

  #checkKey(node: Syntax, bag: Bag, { events }: NonNullable<EventSource>): void {
    const selector = node.child('Selector');
    const key = selector.kind === 'NameReference' ? selector.name : selector.child('Expression').stringValue;
    if (key === undefined) {
      this.faults.push(
        faultAt(node, 'computed_key', `the key of ${node.text} can't be checked; write a literal`),
      );
      return;
    }
    const names =
      events === 'any' ? Object.keys(this.#contract) : [...events].filter((name) => name in this.#contract);
    if (names.length === 0 || this.#has(names, bag, key)) return;
    const other: Bag = bag === 'Properties' ? 'Measurements' : 'Properties';
    const where = events === 'any' ? 'no event' : `${names.join(', ')}:`;
    const hint = this.#has(names, other, key) ? `; it is one of ${other}` : '';
    const message = events === 'any' ? `${where} has ${bag}.${key}` : `${where} no ${bag}.${key}`;
    this.faults.push(
      faultAt(node, bag === 'Properties' ? 'unknown_property' : 'unknown_measurement', message + hint),
    );
  }

  #has(names: readonly string[], bag: Bag, key: string): boolean {
    return names.some((name) => this.#contract[name]?.[bags[bag]].includes(key));
  }
}

function tableSource(name: string): EventSource {
  return name === 'AppEvents' ? anyEvent : undefined;
}

const hasBags = (node: Syntax) => node.columns.some(({ name }) => isBag(name));

/** A table inside an expression: behind toscalar or in. */
function isTabular(node: Syntax): boolean {
  return node.hasColumns && ['PipeExpression', 'UnionOperator', 'MaterializeExpression'].includes(node.kind);
}
