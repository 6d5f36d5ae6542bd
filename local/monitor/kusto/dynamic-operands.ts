import { type FaultAt, faultAt } from './query-fault.ts';
import type { Syntax } from './syntax.ts';

const numericAggregates: ReadonlySet<string> = new Set(['avg', 'max', 'min', 'percentile', 'sum', 'sumif']);

/** The nodes of an expression whose values are compared, calculated with or ordered by. */
function operands(node: Syntax): (Syntax | undefined)[] {
  switch (node.kind) {
    case 'SortOperator':
      return node.items('Expressions').map((item) => item.optional('Expression') ?? item);
    case 'TopOperator':
      return [node.child('ByExpression')].map((item) =>
        item.kind === 'OrderedExpression' ? item.child('Expression') : item,
      );
    case 'FunctionCallExpression':
      return numericAggregates.has(node.child('Name').name)
        ? node.child('ArgumentList').items('Expressions').slice(0, 1)
        : [];
    default:
      return node.kind.endsWith('Expression') ? [node.optional('Left'), node.optional('Right')] : [];
  }
}

/** Dynamic values that are used without tostring(), todouble() and the like: what they compare as is guesswork. */
export function dynamicOperands(root: Syntax): FaultAt[] {
  return [...root.descendants()].flatMap((node) =>
    operands(node).flatMap((operand) =>
      operand?.typeName === 'dynamic'
        ? [
            faultAt(
              operand,
              'dynamic_operand',
              `${operand.text} is dynamic; convert it, such as tostring(${operand.text})`,
            ),
          ]
        : [],
    ),
  );
}
