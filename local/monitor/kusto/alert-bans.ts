import { parseTimespan } from './literals.ts';
import { type FaultAt, faultAt } from './query-fault.ts';
import type { Syntax } from './syntax.ts';
import type { ScalarType, TableColumn } from './table-schemas.ts';
import { millisecondsPerDay } from './values.ts';

/** What an alert rule makes of its query's result. */
export interface AlertColumns {
  /** Columns by which alerts are split; all are text. */
  readonly dimensions?: readonly string[] | undefined;
  /** The column whose values are compared with the threshold; without it rows are counted. */
  readonly measure?: string | undefined;
}

/** https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule and its neighbours. */
const limits = { dimensions: 6, lookBackMilliseconds: 2 * millisecondsPerDay };
const bannedPlugins: ReadonlySet<string> = new Set(['bag_unpack', 'narrow', 'pivot']);
const reservedName = 'AggregatedValue';
const numeric: readonly ScalarType[] = ['int', 'long', 'real'];

/** What Azure Monitor refuses in the query of a log alert although it is good Kusto. */
export function alertBans(root: Syntax): FaultAt[] {
  return [...root.descendants()].flatMap((node) => [
    ...bannedPlugin(node),
    ...reserved(node),
    ...lookBack(node),
  ]);
}

function calledName(node: Syntax): string | undefined {
  return node.kind === 'FunctionCallExpression' ? node.child('Name').name : undefined;
}

function bannedPlugin(node: Syntax): FaultAt[] {
  const name = calledName(node);
  if (name === undefined || !bannedPlugins.has(name)) return [];
  return [faultAt(node, 'banned_plugin', `${name}() is not allowed in an alert's query`)];
}

function reserved(node: Syntax): FaultAt[] {
  if (node.kind !== 'NameDeclaration' || node.name !== reservedName) return [];
  return [
    faultAt(node, 'reserved_name', `${reservedName} is a reserved name in an alert's query; choose another`),
  ];
}

/** ago() takes a literal, of two days at most; `now() - …` and `now(-…)` are the same thing. */
function lookBack(node: Syntax): FaultAt[] {
  const name = calledName(node);
  const [arg] = name === undefined ? [] : node.child('ArgumentList').items('Expressions');
  if (name === 'ago') {
    if (arg?.kind !== 'TimespanLiteralExpression') {
      return [faultAt(node, 'ago_not_literal', 'ago() takes a literal in an alert rule, such as ago(2d)')];
    }
    return tooLong(arg, node);
  }
  if (name === 'now' && arg?.kind === 'UnaryMinusExpression') return tooLong(arg.child('Expression'), node);
  if (node.kind !== 'SubtractExpression' || calledName(node.child('Left')) !== 'now') return [];
  return tooLong(node.child('Right'), node);
}

function tooLong(span: Syntax, node: Syntax): FaultAt[] {
  if (span.kind !== 'TimespanLiteralExpression') return [];
  const milliseconds = parseTimespan(span.tokenValue);
  if (milliseconds !== undefined && Math.abs(milliseconds) <= limits.lookBackMilliseconds) return [];
  return [
    faultAt(
      node,
      'look_back_too_long',
      `${node.text} looks back more than the two days that an alert rule may`,
    ),
  ];
}

/** Whether the result fits the rule. `at` is where the query makes its result. */
export function resultFaults(columns: readonly TableColumn[], rule: AlertColumns, at: Syntax): FaultAt[] {
  const fault = (code: string, message: string) => faultAt(at, code, message);
  const typeOf = new Map(columns.map(({ name, type }) => [name, type]));
  const faults: FaultAt[] = [];
  if (typeOf.has('TimeGenerated')) {
    faults.push(
      fault('time_in_result', 'the result has TimeGenerated, by which Azure would bin it; leave it out'),
    );
  }
  if (typeOf.has(reservedName))
    faults.push(fault('reserved_name', `the result has the reserved name ${reservedName}`));
  const dimensions = rule.dimensions ?? [];
  if (dimensions.length > limits.dimensions) {
    faults.push(
      fault('too_many_dimensions', `${dimensions.length} dimensions; a rule may have ${limits.dimensions}`),
    );
  }
  for (const dimension of dimensions) {
    const type = typeOf.get(dimension);
    if (type === undefined)
      faults.push(fault('missing_dimension', `the dimension ${dimension} is not in the result`));
    else if (type !== 'string') {
      faults.push(fault('dimension_not_string', `the dimension ${dimension} is ${type}, not string`));
    }
  }
  return [...faults, ...measureFaults(rule.measure, typeOf, fault)];
}

function measureFaults(
  measure: string | undefined,
  typeOf: ReadonlyMap<string, ScalarType>,
  fault: (code: string, message: string) => FaultAt,
): FaultAt[] {
  if (measure === undefined) return [];
  const type = typeOf.get(measure);
  if (type === undefined) return [fault('missing_measure', `the measure ${measure} is not in the result`)];
  if (numeric.includes(type)) return [];
  return [fault('measure_not_numeric', `the measure ${measure} is ${type}, not a number`)];
}
