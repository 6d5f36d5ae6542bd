import { type Deployment, expand, type Resource } from '../arm/expand.ts';
import { referencedId, samplePlace } from '../arm/ids.ts';
import { everyResource } from '../arm/order.ts';
import { type Scenario, scenariosOf } from '../arm/samples.ts';
import type { Pointer, Template } from '../arm/template.ts';
import { at, isList, isObject, textOf, type Value } from '../arm/value.ts';

/** The template as it would be deployed with one set of parameters. */
export interface View {
  readonly scenario: Scenario;
  readonly deployment: Deployment;
  readonly resources: readonly Resource[];
}

/** Everything that is looked at. */
export interface CheckedWorld {
  readonly template: Template;
  /** The first is that of the defaults. */
  readonly views: readonly View[];
  /** host.json. */
  readonly host: Value;
  /** The settings that the code reads, and the file that does. */
  readonly settingsRead: ReadonlyMap<string, string>;
}

/** What is wrong, at a place of the compiled template or in host.json. */
export interface TemplateFinding {
  readonly at: Pointer | 'host.json';
  readonly message: string;
}

/** One thing that every deployment must have. */
export interface MustHave {
  readonly rule: string;
  /** One sentence for people. */
  readonly must: string;
  /** Why, for whoever would rather do without. */
  readonly because: string;
  /** Where Azure is documented or was seen to be so, or {@link projectRule}. */
  readonly source: string;
  /** With every set of parameters. */
  readonly each?: (view: View) => readonly TemplateFinding[];
  /** With the defaults. */
  readonly byDefault?: (view: View) => readonly TemplateFinding[];
  /** Over all of them. */
  readonly overall?: (world: CheckedWorld) => readonly TemplateFinding[];
}

/** A choice of this project, whatever Azure would allow. */
export const projectRule = 'a rule of this project';

/** A page of Microsoft Learn. */
export const learn = (page: string): string => `https://learn.microsoft.com/azure/${page}`;

/** Works out a template for each of its parameter sets, and for those that are given besides. */
export function viewsOf(template: Template, more: readonly Scenario[] = []): View[] {
  return [...scenariosOf(template), ...more].map((scenario) => {
    const parameters = (name: string): Value | undefined => scenario.parameters[name];
    const deployment = expand({ template, place: samplePlace, parameters, pointer: [] });
    return { scenario, deployment, resources: [...everyResource(deployment)] };
  });
}

export function ofType(view: View, type: string): Resource[] {
  return view.resources.filter((resource) => resource.type.toLowerCase() === type.toLowerCase());
}

/** What a member must be. */
interface Wanted {
  readonly text: string;
  readonly holds: (value: Value | undefined) => boolean;
}

export const is = (wanted: Value): Wanted => ({
  text: JSON.stringify(wanted),
  holds: (value) => value === wanted,
});
export const oneOf = (...wanted: readonly Value[]): Wanted => ({
  text: wanted.map((each) => JSON.stringify(each)).join(' or '),
  holds: (value) => wanted.some((each) => each === value),
});
/** Where Azure's own default is right. */
export const absentOr = (wanted: Wanted): Wanted => ({
  text: `absent or ${wanted.text}`,
  holds: (value) => value === undefined || value === null || wanted.holds(value),
});
/** Where the deployment fails with any value. */
export const isAbsent: Wanted = {
  text: 'absent',
  holds: (value) => value === undefined || value === null,
};
export const isGiven: Wanted = {
  text: 'given',
  holds: (value) => textOf(value) !== '',
};

const shown = (value: Value | undefined): string =>
  value === undefined || value === null ? 'missing' : textOf(value);

/** Findings at a resource whose member is not as wanted. */
export function demand(
  resource: Resource,
  path: readonly (string | number)[],
  wanted: Wanted,
): TemplateFinding[] {
  const value = at(resource.body, ...path);
  if (wanted.holds(value)) return [];
  const message = `${path.join('.')} of ${label(resource)} is ${shown(value)}, and must be ${wanted.text}`;
  return [{ at: [...resource.pointer, ...path], message }];
}

export const label = ({ type, name }: Resource): string => `${type.split('/').slice(1).join('/')} "${name}"`;

/** Every resource of the type has the member as wanted, and there is one. */
export function everyOne(type: string, path: string, wanted: Wanted): (view: View) => TemplateFinding[] {
  return (view) => {
    const resources = ofType(view, type);
    if (resources.length === 0) return [{ at: ['resources'], message: `there is no ${type}` }];
    return resources.flatMap((resource) => demand(resource, path.split('.'), wanted));
  };
}

/** The function app. */
export const siteOf = (view: View): Resource | undefined => ofType(view, 'Microsoft.Web/sites')[0];

/** The app settings by name, and where they stand; from the site itself or from its configuration. */
export function appSettings(view: View): { values: ReadonlyMap<string, Value>; pointer: Pointer } {
  const site = siteOf(view);
  const config = ofType(view, 'Microsoft.Web/sites/config').find(({ name }) => name.endsWith('/appsettings'));
  const properties = config === undefined ? undefined : at(config.body, 'properties');
  const listed = at(site?.body, 'properties', 'siteConfig', 'appSettings');
  const entries: [string, Value][] = [
    ...(isList(listed) ? listed : []).map(
      (each) => [textOf(at(each, 'name')), at(each, 'value') ?? ''] satisfies [string, Value],
    ),
    ...Object.entries(isObject(properties) ? properties : {}),
  ];
  const path = ['properties', 'siteConfig', 'appSettings'];
  const pointer =
    config === undefined ? [...(site?.pointer ?? []), ...path] : [...config.pointer, 'properties'];
  return { values: new Map(entries), pointer };
}

/** The vault whose address an app setting has. */
function vaultOf(view: View, setting: string): Resource | undefined {
  const url = appSettings(view).values.get(setting);
  const id = referencedId(url);
  return ofType(view, 'Microsoft.KeyVault/vaults').find((vault) =>
    id === undefined ? textOf(url).includes(`//${vault.name}.`) : vault.id === id,
  );
}

interface DeployedVaults {
  readonly credentials: Resource | undefined;
  readonly tokens: Resource | undefined;
}
export const vaultsOf = (view: View): DeployedVaults => ({
  credentials: vaultOf(view, 'CREDENTIALS_VAULT_URL'),
  tokens: vaultOf(view, 'TOKENS_VAULT_URL'),
});

/** The ids of the identities that the app has. */
export function appIdentities(view: View): string[] {
  const identities = at(siteOf(view)?.body, 'identity', 'userAssignedIdentities');
  return Object.keys(isObject(identities) ? identities : {});
}

/** Extensions of a type on a resource: locks, role assignments, diagnostic settings. */
export function extensions(view: View, type: string, of: Resource): Resource[] {
  return ofType(view, type).filter(({ scope }) => scope === of.id);
}
