import { isExpression, parseExpression, type TemplateExpression } from './expression.ts';
import { callFunction } from './functions.ts';
import { at, isList, isObject, memberOf, Runtime, textOf, type Value } from './value.ts';

/** What expressions can refer to at one place of a template. */
export interface TemplateScope {
  parameter(name: string): Value;
  variable(name: string): Value;
  /** Functions of this place: ids, `reference`, `resourceGroup()`. Undefined: the template language's own. */
  call(name: string, values: readonly Value[]): Value | undefined;
  /** The index of each copy loop around this place, the innermost as ''. */
  readonly copies: Readonly<Record<string, number>>;
  readonly locals: Readonly<Record<string, Value>>;
}

type Lambda = (...values: Value[]) => Value;
type CallExpression = Extract<TemplateExpression, { kind: 'call' }>;

/** Evaluates every expression in a part of a template, `copy` of properties included. */
export function evaluate(value: Value, scope: TemplateScope): Value {
  if (typeof value === 'string') return evaluateText(value, scope);
  if (isList(value)) return value.map((inner) => evaluate(inner, scope));
  if (!isObject(value)) return value;
  const result: Record<string, Value> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'copy' && isList(inner)) Object.assign(result, copiesOf(inner, scope));
    else result[textOf(evaluateText(key, scope))] = evaluate(inner, scope);
  }
  return result;
}

/** The members that a `copy` of properties makes. */
function copiesOf(copies: readonly Value[], scope: TemplateScope): Record<string, Value> {
  return Object.fromEntries(
    copies.map((copy) => {
      const name = textOf(at(copy, 'name'));
      const count = Number(textOf(evaluate(at(copy, 'count') ?? 0, scope)));
      const input = at(copy, 'input') ?? null;
      return [name, Array.from({ length: count }, (_, i) => evaluate(input, withCopy(scope, name, i)))];
    }),
  );
}

/** The scope within one turn of a copy loop. */
export function withCopy(scope: TemplateScope, name: string, index: number): TemplateScope {
  return { ...scope, copies: { ...scope.copies, [name]: index, '': index } };
}

function evaluateText(text: string, scope: TemplateScope): Value {
  if (isExpression(text)) return resolve(parseExpression(text), scope);
  return text.startsWith('[[') ? text.slice(1) : text;
}

function resolve(expression: TemplateExpression, scope: TemplateScope): Value {
  if (expression.kind === 'literal') return expression.value;
  if (expression.kind === 'call') return callValue(expression, scope);
  return memberValue(resolve(expression.of, scope), resolve(expression.key, scope));
}

function memberValue(of: Value, key: Value): Value {
  if (!(of instanceof Runtime)) return memberOf(of, key) ?? null;
  const isName = typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key);
  return new Runtime(isName ? `${of.text}.${key}` : `${of.text}[${textOf(key)}]`);
}

/** Functions that decide themselves which of their arguments they look at. */
const lazy: Readonly<Record<string, (call: CallExpression, scope: TemplateScope) => Value>> = {
  if: ({ arguments: [condition, then, otherwise] }, scope) => {
    const holds = resolve(condition as TemplateExpression, scope);
    if (holds instanceof Runtime) return new Runtime(`if(${holds.text})`);
    return resolve((holds === true ? then : otherwise) as TemplateExpression, scope);
  },
  and: ({ arguments: all }, scope) => all.every((condition) => resolve(condition, scope) === true),
  tryget: ({ arguments: [of, ...keys] }, scope) =>
    keys.reduce(
      (value, key) => memberValue(value, resolve(key, scope)),
      resolve(of as TemplateExpression, scope),
    ),
  map: (call, scope) => looped(call, scope, (values, each) => values.map((value, i) => each(value, i))),
  filter: (call, scope) =>
    looped(call, scope, (values, each) => values.filter((value, i) => each(value, i) === true)),
};

function looped(
  { arguments: [of, lambda] }: CallExpression,
  scope: TemplateScope,
  run: (values: readonly Value[], each: Lambda) => Value,
): Value {
  const value = resolve(of as TemplateExpression, scope);
  return isList(value) ? run(value, lambdaOf(lambda, scope)) : value;
}

/** `lambda('name', …, body)`, whose body has `lambdaVariables('name')`. */
function lambdaOf(expression: TemplateExpression | undefined, scope: TemplateScope): Lambda {
  if (expression?.kind !== 'call') throw new SyntaxError('a lambda is missing');
  const names = expression.arguments.slice(0, -1).map((name) => textOf(resolve(name, scope)));
  const body = expression.arguments.at(-1) as TemplateExpression;
  return (...values) => resolve(body, withLocals(scope, names, values));
}

function withLocals(scope: TemplateScope, names: readonly string[], values: readonly Value[]): TemplateScope {
  const locals = Object.fromEntries(names.map((name, i) => [name, values[i] ?? null]));
  return { ...scope, locals: { ...scope.locals, ...locals } };
}

function callValue(call: CallExpression, scope: TemplateScope): Value {
  const name = call.name.toLowerCase();
  const own = lazy[name];
  if (own !== undefined) return own(call, scope);
  const values = call.arguments.map((argument) => resolve(argument, scope));
  const [first = null, second] = values;
  if (name === 'parameters') return scope.parameter(textOf(first));
  if (name === 'variables') return scope.variable(textOf(first));
  if (name === 'lambdavariables') return scope.locals[textOf(first)] ?? null;
  if (name === 'copyindex') return copyIndex(scope, first, second);
  return scope.call(name, values) ?? callFunction(call.name, values);
}

function copyIndex(scope: TemplateScope, first: Value, second: Value | undefined): number {
  const isNamed = typeof first === 'string';
  const offset = isNamed ? second : first;
  return (scope.copies[isNamed ? first : ''] ?? 0) + Number(offset ?? 0);
}
