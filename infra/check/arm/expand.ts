/**
 * The room of templates: what a compiled template of Azure Resource Manager deploys.
 *
 * In: the template, a place and parameters (`samples` makes sets of them). Out: resources with expressions worked
 * out, as far as that goes without Azure, and their order (`order`). What no template of this repository says is
 * refused by name.
 */

import { evaluate, type TemplateScope, withCopy } from './evaluate.ts';
import { callPlace, type DeploymentPlace, placePath, resourceIdBelow } from './ids.ts';
import { type Pointer, type ResourceBody, resourceEntries, type Template } from './template.ts';
import { at, isObject, Runtime, textOf, type Value, type ValueObject } from './value.ts';

/** A resource as it would be deployed: conditions, loops and expressions worked out. */
export interface Resource {
  readonly type: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly id: string;
  /** The id of what an extension like a lock or a role assignment is attached to. */
  readonly scope: string;
  readonly body: ValueObject;
  readonly dependsOn: readonly string[];
  /** What `dependsOn` may call it. */
  readonly names: readonly string[];
  /** Its place in the compiled file. */
  readonly pointer: Pointer;
  /** Of a module: what it deploys. */
  readonly module?: Deployment;
}

/** A template as it would be deployed at one place with one set of parameters. */
export interface Deployment {
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, Value>>;
}

interface Inputs {
  readonly template: Template;
  readonly place: DeploymentPlace;
  readonly parameters: (name: string) => Value | undefined;
  readonly pointer: Pointer;
}

/** A resource before it is looked at; each part is worked out when first asked for, so that order does not matter. */
interface DeclaredResource {
  readonly names: () => readonly string[];
  readonly id: () => string;
  readonly outputs: (() => Readonly<Record<string, Value>>) | undefined;
  readonly resource: () => Resource | undefined;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function memo(make: (name: string) => Value): (name: string) => Value {
  const known = new Map<string, Value>();
  return (name) => {
    const value = known.get(name) ?? make(name);
    known.set(name, value);
    return value;
  };
}

/**
 * Works out what a compiled template deploys. What only Azure knows stays a `Runtime` with the expression.
 *
 * @param parameters the values given; a parameter without one has its default
 */
export function expand(inputs: Inputs): Deployment {
  return lazyDeployment(inputs)();
}

function lazyDeployment(inputs: Inputs): () => Deployment {
  const { template } = inputs;
  const entries: DeclaredResource[] = [];
  const scope = scopeOf(inputs, entries);
  for (const [key, body] of resourceEntries(template)) {
    const pointer = [...inputs.pointer, 'resources', key];
    entries.push(...entriesOf({ body, pointer }, typeof key === 'string' ? key : undefined, scope, inputs));
  }
  return once(() => ({
    resources: entries.map(({ resource }) => resource()).filter((resource) => resource !== undefined),
    outputs: outputsOf(template, scope),
  }));
}

function outputsOf({ outputs = {} }: Template, scope: TemplateScope): Readonly<Record<string, Value>> {
  const values = Object.entries(outputs).map(([name, { value }]) => {
    if (value === undefined) throw new TypeError(`the output "${name}" has no plain value`);
    return [name, evaluate(value, scope)] as const;
  });
  return Object.fromEntries(values);
}

function scopeOf(
  { template, place, parameters }: Inputs,
  entries: readonly DeclaredResource[],
): TemplateScope {
  const { variables = {} } = template;
  const scope: TemplateScope = {
    parameter: memo(
      (name) => parameters(name) ?? evaluate(template.parameters?.[name]?.defaultValue ?? null, scope),
    ),
    variable: memo((name) => {
      const variable = variables[name];
      if (variable === undefined) throw new TypeError(`the variable "${name}" has no plain value`);
      return evaluate(variable, scope);
    }),
    call: (name, values) => callReference(name, values, entries) ?? callPlace(name, values, place),
    copies: {},
    locals: {},
  };
  return scope;
}

/** Outputs of modules are worked out; the state of any other resource only Azure knows. */
function callReference(
  name: string,
  values: readonly Value[],
  entries: readonly DeclaredResource[],
): Value | undefined {
  if (name !== 'reference') return undefined;
  const asked = textOf(values[0]);
  const entry = entries.find(({ names }) => names().includes(asked));
  const id = entry?.id() ?? asked;
  if (entry?.outputs === undefined) return new Runtime(`reference('${id}')`);
  const outputs = Object.entries(entry.outputs()).map(([key, value]) => [key, { value }]);
  return { outputs: Object.fromEntries(outputs) as ValueObject };
}

/** What the compiled file says of a resource or of a loop of them, and where. */
interface Declared {
  readonly body: ResourceBody;
  readonly pointer: Pointer;
}

function entriesOf(
  declared: Declared,
  symbol: string | undefined,
  scope: TemplateScope,
  inputs: Inputs,
): DeclaredResource[] {
  const { copy } = declared.body;
  const own = symbol === undefined ? [] : [symbol];
  if (copy === undefined) return [entryOf(declared, own, scope, inputs)];
  const count = Number(textOf(evaluate(copy.count, scope)));
  return Array.from({ length: count }, (_, i) => {
    const names = [...own, copy.name, ...own.map((name) => `${name}[${i}]`)];
    return entryOf(declared, names, withCopy(scope, copy.name, i), inputs);
  });
}

function entryOf(
  declared: Declared,
  symbols: readonly string[],
  scope: TemplateScope,
  inputs: Inputs,
): DeclaredResource {
  const { body, pointer } = declared;
  const name = once(() => textOf(evaluate(body.name, scope)));
  const base = once(() => scopeText(body, scope) ?? placePath(inputs.place));
  const id = once(() => resourceIdBelow(base(), body.type, name()));
  const names = once(() => [...symbols, id(), name()]);
  const inner = moduleOf(declared, scope, inputs);
  return {
    names,
    id,
    outputs: inner && (() => inner().outputs),
    resource: once(() => {
      if (body.existing || evaluate(body.condition ?? true, scope) === false) return undefined;
      return {
        type: body.type,
        apiVersion: body.apiVersion ?? '',
        name: name(),
        id: id(),
        scope: base(),
        body: evaluatedBody(body, scope),
        dependsOn: (body.dependsOn ?? []).map((each) => textOf(evaluate(each, scope))),
        names: names(),
        pointer,
        ...(inner === undefined ? {} : { module: inner() }),
      };
    }),
  };
}

function scopeText(body: ResourceBody, scope: TemplateScope): string | undefined {
  if (body.scope === undefined) return undefined;
  const text = textOf(evaluate(body.scope, scope));
  return text.startsWith('/') ? text : `/${text}`;
}

/** All of a resource but what describes the deployment itself. */
function evaluatedBody(body: ResourceBody, scope: TemplateScope): ValueObject {
  const { copy: _, condition: __, dependsOn: ___, properties, ...rest } = body;
  const { template: ____, ...own } = isObject(properties) ? properties : {};
  const whole = properties === undefined ? rest : { ...rest, properties: own };
  const value = evaluate(whole as ValueObject, scope);
  return isObject(value) ? value : {};
}

function moduleOf(
  { body, pointer }: Declared,
  scope: TemplateScope,
  { place }: Inputs,
): (() => Deployment) | undefined {
  const template = body.properties?.template;
  if (template === undefined) return undefined;
  const given = at(body.properties, 'parameters');
  const parameters = (name: string): Value | undefined => {
    const argument = evaluate(at(given, name) ?? {}, scope);
    const value = at(argument, 'value');
    if (value !== undefined) return value;
    return at(argument, 'reference') === undefined ? undefined : new Runtime(`secret('${name}')`);
  };
  const group =
    body.resourceGroup === undefined ? place.resourceGroup : textOf(evaluate(body.resourceGroup, scope));
  const inner: DeploymentPlace = { ...place, ...(group === undefined ? {} : { resourceGroup: group }) };
  return once(() =>
    expand({ template, place: inner, parameters, pointer: [...pointer, 'properties', 'template'] }),
  );
}
