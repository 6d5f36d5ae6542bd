/**
 * The room of must-haves: what must be true of everything deployed, whatever the parameters.
 *
 * In: a template as `arm` works it out, the host's file and the settings that the app reads. Out: a finding for
 * each rule that does not hold. A file holds the rules of one concern; `must-have` has what they share.
 */

import type { FileFault } from '../../../local/file-fault.ts';
import type { Scenario } from '../arm/samples.ts';
import { lineOf, type Pointer, type Template } from '../arm/template.ts';
import type { Value } from '../arm/value.ts';
import { alertingMustHaves } from './alerting.ts';
import { settingMustHaves } from './app-settings.ts';
import { type CheckedWorld, type MustHave, type TemplateFinding, type View, viewsOf } from './must-have.ts';
import { resourceMustHaves } from './resources.ts';
import { roleMustHaves } from './roles.ts';
import { templateMustHaves } from './template.ts';
import { vaultMustHaves } from './vaults.ts';

/** Everything that every deployment must have. */
export const mustHaves: readonly MustHave[] = [
  ...vaultMustHaves,
  ...roleMustHaves,
  ...resourceMustHaves,
  ...settingMustHaves,
  ...alertingMustHaves,
  ...templateMustHaves,
];

/** Findings under some of the parameter sets say which is the first. */
function inViews(views: readonly View[], check: MustHave['each']): TemplateFinding[] {
  if (check === undefined) return [];
  const found = new Map<string, TemplateFinding>();
  for (const [index, view] of views.entries()) {
    for (const finding of check(view)) {
      // Names of resources differ from one parameter set to the next.
      const key = JSON.stringify(finding.at) + finding.message.replace(/"[^"]*"/g, '');
      const when = index === 0 ? '' : ` (with ${view.scenario.name})`;
      if (!found.has(key)) found.set(key, { ...finding, message: `${finding.message}${when}` });
    }
  }
  return [...found.values()];
}

function findingsOf({ each, byDefault, overall }: MustHave, world: CheckedWorld): TemplateFinding[] {
  return [
    ...inViews(world.views, each),
    ...inViews(world.views.slice(0, 1), byDefault),
    ...(overall?.(world) ?? []),
  ];
}

/** Where a finding at a place of the compiled template is to be mended. */
export type Locate = (pointer: Pointer) => Pick<FileFault, 'file' | 'line'>;

interface TemplateInput {
  readonly template: Template;
  readonly host: Value;
  readonly settingsRead: CheckedWorld['settingsRead'];
  readonly locate?: Locate;
  /** Parameter sets to look at besides those that follow from the template. */
  readonly scenarios?: readonly Scenario[];
}

/** Holds a compiled template against all must-haves; where it is wrong, the fault says so and why it matters. */
export function checkTemplate(input: TemplateInput): { faults: FileFault[]; views: readonly View[] } {
  const views = viewsOf(input.template, input.scenarios);
  const world: CheckedWorld = { ...input, views };
  const locate: Locate =
    input.locate ?? ((pointer) => ({ file: 'infra/main.json', line: lineOf(input.template, pointer) }));
  const faults = mustHaves.flatMap((mustHave) =>
    findingsOf(mustHave, world).map(({ at, message }): FileFault => {
      const place = at === 'host.json' ? { file: 'host.json' } : locate(at);
      return { ...place, rule: mustHave.rule, message: `${message}: ${mustHave.because}.` };
    }),
  );
  return { faults, views };
}
