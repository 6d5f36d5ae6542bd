import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { everyTemplate, resourceEntries, type Template } from '../../infra/check/arm/template.ts';

export const root = join(import.meta.dirname, '../..');

/** Parts of a template, to be changed in place. */
// biome-ignore lint/suspicious/noExplicitAny: a test puts any fault anywhere.
export type Editable = any;

/** A copy of the committed template. */
export const committedTemplate = (): Editable =>
  JSON.parse(readFileSync(join(root, 'infra/main.json'), 'utf8'));

/** The resources of a type, of modules too, as they stand in the template; there is one at least. */
export function bodies(template: Template, type: string): Editable[] {
  const found = [...everyTemplate(template)].flatMap(([each]) =>
    resourceEntries(each)
      .map(([, body]) => body)
      .filter((body) => body.type === type && !body.existing),
  );
  if (found.length === 0) throw new Error(`the template has no ${type}`);
  return found;
}

/** The innermost template with a resource of the type. */
export function templateWith(template: Template, type: string): Editable {
  const found = [...everyTemplate(template)].find(([each]) =>
    resourceEntries(each).some(([, body]) => body.type === type && !body.existing),
  );
  if (found === undefined) throw new Error(`no template has a ${type}`);
  return found[0];
}

/** The module whose name, in main.bicep, is this. */
export const moduleNamed = (template: Editable, name: string): Editable => template.resources[name];
