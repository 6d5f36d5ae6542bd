import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { FileFault } from '../../local/file-fault.ts';
import {
  everyTemplate,
  lineOf,
  type Pointer,
  type ResourceBody,
  resourceEntries,
  type Template,
} from './arm/template.ts';
import type { Locate } from './must-haves/check-template.ts';

/** A declaration in a Bicep file. */
interface Declaration {
  readonly kind: 'param' | 'output' | 'resource' | 'module';
  readonly name: string;
  /** A resource's type or a module's file. */
  readonly of: string;
  readonly isExisting: boolean;
  /** From 1. */
  readonly line: number;
}

const declaration = /^\s*(param|output|resource|module)\s+(\w+)(?:\s+'([^']+)')?(.*)$/;

/** The declarations of a Bicep file, nested resources included. Their form is Bicep's formatter's. */
function declarationsOf(source: string): Declaration[] {
  return source.split('\n').flatMap((text, i) => {
    const [, kind, name = '', of = '', rest = ''] = declaration.exec(text) ?? [];
    if (kind === undefined) return [];
    const isExisting = / existing\b/.test(rest);
    return [{ kind: kind as Declaration['kind'], name, of, isExisting, line: i + 1 }];
  });
}

const reference = /^\s*(?:module\s+\w+|\}?.*\bfrom)\s+'([^']+\.bicep)'/gm;

/** The Bicep files that a file leads to, itself included: what the compiler sees with it. */
export function reachedFrom(
  root: string,
  file: string,
  reached: Set<string> = new Set(),
): ReadonlySet<string> {
  if (reached.has(file) || !existsSync(join(root, file))) return reached;
  reached.add(file);
  for (const [, target = ''] of readFileSync(join(root, file), 'utf8').matchAll(reference)) {
    reachedFrom(root, posix.join(posix.dirname(file), target), reached);
  }
  return reached;
}

interface BicepSource {
  readonly file: string;
  readonly lines: readonly string[];
  readonly declarations: readonly Declaration[];
}

export const mainFile = 'infra/main.bicep';

function readSource(root: string, file: string): BicepSource | undefined {
  if (!existsSync(join(root, file))) return undefined;
  const text = readFileSync(join(root, file), 'utf8');
  return { file, lines: text.split('\n'), declarations: declarationsOf(text) };
}

const lastName = (key: string | number): string | undefined =>
  typeof key === 'string' ? key.split('::').at(-1) : undefined;

/** The declaration of a compiled resource: by its symbolic name, or as the n-th of its type. */
function declarationOf(
  source: BicepSource,
  template: Template,
  key: string | number,
): Declaration | undefined {
  const entries = resourceEntries(template);
  const body = entries.find(([other]) => other === key)?.[1];
  const candidates = source.declarations.filter(({ kind }) => kind === 'resource' || kind === 'module');
  const name = lastName(key);
  if (name !== undefined) return candidates.find((each) => each.name === name);
  const isSame = (other: ResourceBody): boolean => other.type === body?.type;
  const nth = entries.filter(([other, each]) => isSame(each) && other < key).length;
  return candidates.filter((each) => !each.isExisting && hasType(each, body?.type ?? ''))[nth];
}

function hasType({ kind, of }: Declaration, type: string): boolean {
  if (type === 'Microsoft.Resources/deployments') return kind === 'module';
  const declared = of.split('@')[0] ?? '';
  return kind === 'resource' && (declared === type || type.endsWith(`/${declared}`));
}

/** The line of a member within a declaration, else that of the declaration. */
function memberLine(source: BicepSource, from: Declaration, pointer: Pointer): number {
  const next = source.declarations.find(({ line }) => line > from.line)?.line ?? source.lines.length + 1;
  for (const member of [...pointer].reverse()) {
    const at = source.lines.findIndex(
      (text, i) => i >= from.line && i < next - 1 && text.trimStart().startsWith(`${member}:`),
    );
    if (typeof member === 'string' && at >= 0) return at + 1;
  }
  return from.line;
}

/** Finds the line in the Bicep files that a place of the compiled template came from, else its line there. */
export function locator(root: string, main: Template): Locate {
  const compiled = (pointer: Pointer) => ({ file: 'infra/main.json', line: lineOf(main, pointer) });
  return (pointer) => {
    const found = sourceOf(root, main, pointer);
    if (found === undefined) return compiled(pointer);
    const { source, template, rest } = found;
    const [section, key, ...path] = rest;
    if (section === 'resources' && key !== undefined) {
      const from = declarationOf(source, template, key);
      return from === undefined
        ? compiled(pointer)
        : { file: source.file, line: memberLine(source, from, path) };
    }
    const kind = section === 'parameters' ? 'param' : 'output';
    const from = source.declarations.find((each) => each.kind === kind && each.name === key);
    return from === undefined ? { file: source.file } : { file: source.file, line: from.line };
  };
}

interface SourcePlace {
  readonly source: BicepSource;
  readonly template: Template;
  readonly rest: Pointer;
}

/** Follows a pointer through modules to the file of the innermost. */
function sourceOf(root: string, main: Template, pointer: Pointer): SourcePlace | undefined {
  let place: SourcePlace | undefined;
  let source = readSource(root, mainFile);
  let template: Template | undefined = main;
  let rest = pointer;
  while (source !== undefined && template !== undefined) {
    place = { source, template, rest };
    const [, key, properties, inner] = rest;
    if (key === undefined || properties !== 'properties' || inner !== 'template') return place;
    const module = declarationOf(source, template, key);
    const file = module === undefined ? '' : posix.join(posix.dirname(source.file), module.of);
    template = resourceEntries(template).find(([other]) => other === key)?.[1].properties?.template;
    source = readSource(root, file);
    rest = rest.slice(4);
  }
  return undefined;
}

/**
 * What the Bicep files declare and `main.json` does not hold, or the other way round: as much as can be said of a stale
 * `main.json` without a compiler.
 */
export function declarationFaults(root: string, main: Template): FileFault[] {
  return [...everyTemplate(main)].flatMap(([template, pointer]) => {
    const source = sourceOf(root, main, [...pointer, 'x'])?.source;
    if (source === undefined) return [];
    return [
      ...differences(source, 'param', Object.keys(template.parameters ?? {})),
      ...differences(source, 'output', Object.keys(template.outputs ?? {})),
      ...resourceDifferences(source, template),
    ];
  });
}

function staleFault(file: string, message: string, line?: number): FileFault {
  const remedy = 'infra/main.json is stale: run npm run build:infra';
  return { file, ...(line === undefined ? {} : { line }), rule: 'stale', message: `${message}: ${remedy}` };
}

function differences(
  source: BicepSource,
  kind: Declaration['kind'],
  compiled: readonly string[],
): FileFault[] {
  const declared = source.declarations.filter((each) => each.kind === kind);
  return [
    ...declared
      .filter(({ name }) => !compiled.includes(name))
      .map(({ name, line }) =>
        staleFault(source.file, `${kind} ${name} is not in the compiled template`, line),
      ),
    ...compiled
      .filter((name) => !declared.some((each) => each.name === name))
      .map((name) => staleFault(source.file, `the compiled template still has the ${kind} ${name}`)),
  ];
}

/** Types with their versions, each as often as it is declared; a nested resource's type begins with its parent's. */
function resourceDifferences(source: BicepSource, template: Template): FileFault[] {
  const bodies = resourceEntries(template).map(([, body]) => body);
  const left = bodies
    .filter(({ existing }) => existing !== true)
    .map(({ type, apiVersion }) => `${type}@${apiVersion}`);
  const missing: FileFault[] = [];
  for (const each of source.declarations) {
    if (each.isExisting || (each.kind !== 'resource' && each.kind !== 'module')) continue;
    const at = left.findIndex((type) => isCompiledFrom(each, type));
    if (at >= 0) left.splice(at, 1);
    else
      missing.push(
        staleFault(source.file, `${each.kind} ${each.name} is not in the compiled template`, each.line),
      );
  }
  return [
    ...missing,
    ...left.map((type) => staleFault(source.file, `the compiled template still has a ${type}`)),
  ];
}

function isCompiledFrom({ kind, of }: Declaration, compiled: string): boolean {
  if (kind === 'module') return compiled.startsWith('Microsoft.Resources/deployments@');
  if (of.includes('@')) return compiled === of;
  return compiled.split('@')[0]?.endsWith(`/${of}`) === true;
}
