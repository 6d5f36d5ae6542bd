import { eventContract } from '../../../src/telemetry/events.ts';
import { type AlertColumns, alertBans, resultFaults } from './alert-bans.ts';
import { dynamicOperands } from './dynamic-operands.ts';
import { checkEventContract, type EventContract } from './event-contract-check.ts';
import { positionAt } from './kusto-error.ts';
import { analyze } from './language-service.ts';
import { fillParameters } from './parameters.ts';
import type { FaultAt } from './query-fault.ts';
import { columnsOf, Syntax } from './syntax.ts';
import { tableSchemas } from './table-schemas.ts';

/** Something wrong in a query, and where; line and column count from 1. */
interface QueryFault {
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export interface CheckOptions extends AlertColumns {
  readonly kind: 'alert' | 'workbook';
  /** Values for `{Name}` and `{Name:format}` in the text, put in before the check. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** The events whose names and keys a query may use; ours unless a test says otherwise. */
  readonly contract?: EventContract | undefined;
}

/**
 * Checks a query without running it: what Kusto's language service finds (codes KS…), what Azure Monitor refuses in
 * an alert rule, whether the result has the rule's dimensions and measure, dynamic values that are used unconverted,
 * and names that are not in the event contract. No faults: an empty list, else in the order of the text.
 */
export function checkQuery(text: string, options: CheckOptions): QueryFault[] {
  const filled = fillParameters(text, options.parameters ?? {});
  const { root, diagnostics, resultType } = analyze(filled.text, tableSchemas);
  const syntax = new Syntax(root, filled.text);
  const errors = diagnostics.filter(({ Severity }) => Severity === 'Error');
  const found: FaultAt[] = [
    ...errors.map(({ Code, Message, Start }) => ({ code: Code, message: Message, offset: Start })),
    ...dynamicOperands(syntax),
    ...checkEventContract(syntax, options.contract ?? eventContract),
  ];
  if (options.kind === 'alert') found.push(...alertBans(syntax));
  // A result that a language error garbled says nothing of the rule.
  if (options.kind === 'alert' && errors.length === 0) {
    found.push(...resultFaults(columnsOf(resultType), options, resultNode(syntax)));
  }
  const undeclared = filled.undeclared.map(({ name, offset }) => ({
    code: 'undeclared_parameter',
    message: `the parameter {${name}} is not declared`,
    offset,
  }));
  const faults = [
    ...undeclared,
    ...found.map((fault) => ({ ...fault, offset: filled.original(fault.offset) })),
  ];
  return faults
    .sort((left, right) => left.offset - right.offset)
    .map(({ code, message, offset }) => ({ code, message, ...positionAt(text, offset) }));
}

/** The operator that makes the result: the last of the last statement. */
function resultNode(root: Syntax): Syntax {
  const last = root.items('Statements').at(-1)?.optional('Expression') ?? root;
  return last.optional('Operator') ?? last;
}
