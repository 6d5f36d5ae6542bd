import type { Template, TypeDefinition } from './template.ts';
import { isList, textOf, type Value } from './value.ts';

/** One set of parameters to look at a template with. */
export interface Scenario {
  readonly name: string;
  readonly parameters: Readonly<Record<string, Value>>;
}

/** Stands in every secure parameter, so that it is seen wherever the value would go. */
export const canary = 'canary-of-a-secure-parameter';

export const isSecure = ({ type = '' }: { readonly type?: string }): boolean =>
  type.toLowerCase().startsWith('secure');

function definitionOf(definition: TypeDefinition, { definitions = {} }: Template): TypeDefinition {
  const target = definitions[definition.$ref?.replace('#/definitions/', '') ?? ''];
  return target === undefined ? definition : definitionOf({ ...target }, { definitions });
}

/** A value that the type allows. */
function sampleOf(name: string, given: TypeDefinition, template: Template): Value {
  const { $ref: _, ...own } = given;
  const definition: TypeDefinition = { ...definitionOf(given, template), ...own };
  if (isSecure(definition)) return canary;
  if (definition.allowedValues?.[0] !== undefined) return definition.allowedValues[0];
  switch (definition.type?.toLowerCase()) {
    case 'int':
      return definition.minValue ?? 1;
    case 'bool':
      return true;
    case 'array':
      return [sampleOf(name, definition.items ?? { type: 'string' }, template)];
    case 'object':
      return Object.fromEntries(
        Object.entries(definition.properties ?? {}).map(([key, inner]) => [
          key,
          sampleOf(key, inner, template),
        ]),
      );
    default:
      return sampleText(name);
  }
}

/** Short, in lower case, and of the kind that the name promises. */
function sampleText(name: string): string {
  // What azd takes for a name and hardly any resource does.
  if (name === 'environmentName') return 'Sample_Env.(1)';
  if (/(object|client|principal|tenant|app|application|subscription)id$/i.test(name)) {
    return '55555555-5555-5555-5555-555555555555';
  }
  if (/e?mail/i.test(name)) return 'on-call@example.com';
  return /ur[il]$/i.test(name) ? 'https://sample.example.com' : 'sample';
}

const isEmptyValue = (value: Value | undefined): boolean =>
  value === undefined || value === null || value === '' || (isList(value) && value.length === 0);

/** A parameter's other value: switches turned over, what is empty filled in. Undefined: as it is. */
function otherValue(name: string, parameter: TypeDefinition, template: Template): Value | undefined {
  const { defaultValue } = parameter;
  if (typeof defaultValue === 'boolean') return !defaultValue;
  return isEmptyValue(defaultValue) ? sampleOf(name, parameter, template) : undefined;
}

function valuesOf(
  template: Template,
  value: (name: string, parameter: TypeDefinition) => Value | undefined,
): Record<string, Value> {
  const values = Object.entries(template.parameters ?? {}).map(
    ([name, parameter]) => [name, value(name, parameter)] as const,
  );
  return Object.fromEntries(values.filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/**
 * The parameter sets that a template is looked at with: the defaults (with samples where there is none), every optional
 * value given, every switch turned over as well, and each switch turned over alone.
 */
export function scenariosOf(template: Template): Scenario[] {
  const required = valuesOf(template, (name, parameter) =>
    parameter.defaultValue === undefined && parameter.nullable !== true
      ? sampleOf(name, parameter, template)
      : undefined,
  );
  const others = valuesOf(template, (name, parameter) => otherValue(name, parameter, template));
  const isSwitch = (value: Value): boolean => typeof value === 'boolean';
  const switches = Object.entries(others).filter(([, value]) => isSwitch(value));
  const optional = Object.fromEntries(Object.entries(others).filter(([, value]) => !isSwitch(value)));
  return [
    { name: 'defaults', parameters: required },
    { name: 'every optional value given', parameters: { ...required, ...optional } },
    {
      name: 'every switch turned over, every optional value given',
      parameters: { ...required, ...optional, ...Object.fromEntries(switches) },
    },
    ...switches.map(([name, value]) => ({
      name: `${name} ${textOf(value)}`,
      parameters: { ...required, [name]: value },
    })),
  ];
}
