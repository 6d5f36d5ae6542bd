import type { Value } from './value.ts';

/** A compiled template, as Bicep writes it and as far as it is read here. */
export interface Template {
  readonly $schema?: string;
  readonly metadata?: { readonly _generator?: { readonly version?: string } };
  readonly parameters?: Readonly<Record<string, TypeDefinition>>;
  readonly definitions?: Readonly<Record<string, TypeDefinition>>;
  readonly variables?: Readonly<Record<string, Value>>;
  /** By symbolic name, or a list. */
  readonly resources?: readonly ResourceBody[] | Readonly<Record<string, ResourceBody>>;
  readonly outputs?: Readonly<Record<string, { readonly type?: string; readonly value?: Value }>>;
}

export interface TypeDefinition {
  readonly type?: string;
  readonly $ref?: string;
  readonly defaultValue?: Value;
  readonly nullable?: boolean;
  readonly allowedValues?: readonly Value[];
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, TypeDefinition>>;
  readonly items?: TypeDefinition;
  readonly metadata?: { readonly description?: string };
}

export interface ResourceBody {
  readonly type: string;
  readonly apiVersion?: string;
  readonly existing?: boolean;
  readonly condition?: Value;
  readonly copy?: { readonly name: string; readonly count: Value };
  readonly name: Value;
  readonly scope?: Value;
  readonly resourceGroup?: Value;
  readonly dependsOn?: readonly Value[];
  readonly properties?: Value & { readonly template?: Template };
  readonly [member: string]: unknown;
}

/** Where something stands in the compiled file: member names and list indices. */
export type Pointer = readonly (string | number)[];

/** A template's resources with their keys: symbolic names, or indices. */
export function resourceEntries(template: Template): (readonly [string | number, ResourceBody])[] {
  const { resources = [] } = template;
  return Array.isArray(resources)
    ? resources.map((body: ResourceBody, i) => [i, body] as const)
    : Object.entries(resources as Readonly<Record<string, ResourceBody>>);
}

/** The template itself and those of its modules, outermost first, each with its place. */
export function* everyTemplate(template: Template, pointer: Pointer = []): Generator<[Template, Pointer]> {
  yield [template, pointer];
  for (const [key, body] of resourceEntries(template)) {
    const inner = body.properties?.template;
    if (inner !== undefined)
      yield* everyTemplate(inner, [...pointer, 'resources', key, 'properties', 'template']);
  }
}

const isPart = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Every text in a part of the file, with its place. */
export function* everyText(part: unknown, pointer: Pointer = []): Generator<[string, Pointer]> {
  if (typeof part === 'string') yield [part, pointer];
  if (!isPart(part)) return;
  const isArray = Array.isArray(part);
  for (const [key, inner] of Object.entries(part)) {
    yield* everyText(inner, [...pointer, isArray ? Number(key) : key]);
  }
}

/**
 * The line of a place in a file that is laid out as `JSON.stringify(…, null, 2)` does it, as Bicep writes it; from 1.
 * Of a place that does not exist, the line of what would hold it.
 */
export function lineOf(file: unknown, pointer: Pointer): number {
  let line = 1;
  let part = file;
  for (const key of pointer) {
    if (!isPart(part) || !Object.hasOwn(part, key)) return line;
    line += 1;
    for (const [other, inner] of Object.entries(part)) {
      if (other === String(key)) {
        part = inner;
        break;
      }
      line += JSON.stringify(inner, null, 2).split('\n').length;
    }
  }
  return line;
}
