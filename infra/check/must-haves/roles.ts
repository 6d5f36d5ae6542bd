import type { Resource } from '../arm/expand.ts';
import { referencedId } from '../arm/ids.ts';
import { deployedBefore } from '../arm/order.ts';
import { at, isList, textOf } from '../arm/value.ts';
import {
  appIdentities,
  demand,
  extensions,
  label,
  learn,
  type MustHave,
  ofType,
  oneOf,
  projectRule,
  siteOf,
  type TemplateFinding,
  type View,
  vaultsOf,
} from './must-have.ts';

const assignment = 'Microsoft.Authorization/roleAssignments';
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6';

/** What the app does with secrets, and no more. */
const secretActions = ['getSecret', 'readMetadata', 'setSecret', 'update'].map(
  (action) => `Microsoft.KeyVault/vaults/secrets/${action}/action`,
);

/** Roles with which one may do nearly everything, or hand out roles. */
const broadRoles: ReadonlyMap<string, string> = new Map([
  ['8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner'],
  ['b24988ac-6180-42a0-ab88-20f7382dd24c', 'Contributor'],
  ['18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'User Access Administrator'],
  ['f58310d9-a9f6-439a-9e8d-f62e7b41a168', 'Role Based Access Control Administrator'],
  ['00482a5a-887f-4fb3-b363-3b7fe8e74483', 'Key Vault Administrator'],
  ['f25e0fa2-a7c8-4377-a976-54943a77a395', 'Key Vault Contributor'],
  ['b86a8fe4-44ce-4948-aee5-eccb2c155cd7', 'Key Vault Secrets Officer'],
]);

const roleOf = ({ body }: Resource): string => textOf(at(body, 'properties', 'roleDefinitionId'));

function isForApp(view: View, { body }: Resource): boolean {
  const id = referencedId(at(body, 'properties', 'principalId'));
  return id !== undefined && appIdentities(view).includes(id);
}

const texts = (resource: Resource, member: string): string[] => {
  const list = at(resource.body, 'properties', 'permissions', 0, member);
  return (isList(list) ? list : []).map(textOf).sort();
};

/** The custom roles that the app has at a vault. */
function appRolesAt(view: View, vault: Resource): Resource[] {
  const roles = extensions(view, assignment, vault)
    .filter((each) => isForApp(view, each))
    .map(roleOf);
  return ofType(view, 'Microsoft.Authorization/roleDefinitions').filter(({ id, name }) =>
    roles.some((role) => role === id || role.endsWith(`/${name}`)),
  );
}

function exactActions(role: Resource): TemplateFinding[] {
  const place = [...role.pointer, 'properties', 'permissions'];
  const permissions = at(role.body, 'properties', 'permissions');
  const actions = texts(role, 'dataActions');
  const tooMany = actions.filter((action) => !secretActions.includes(action));
  const missing = secretActions.filter((action) => !actions.includes(action));
  const findings = [
    ...tooMany.map((action) => `the app's role has ${action}, which the app never does: take it out`),
    ...missing.map((action) => `the app's role lacks ${action}, which the app does: add it`),
    ...texts(role, 'actions').map(
      (action) => `the app's role has the management action ${action}: take it out`,
    ),
    ...(isList(permissions) && permissions.length > 1 ? ["the app's role has more than one permission"] : []),
  ];
  return findings.map((message) => ({ at: place, message }));
}

function appRole(view: View): TemplateFinding[] {
  const vaults = Object.values(vaultsOf(view)).filter((each): each is Resource => each !== undefined);
  return vaults.flatMap((vault) => {
    const given = extensions(view, assignment, vault).filter((each) => isForApp(view, each));
    if (given.length === 0) {
      return [{ at: vault.pointer, message: `the app has no role at the vault "${vault.name}"` }];
    }
    const more = given.slice(1).map((each) => ({
      at: each.pointer,
      message: `the app has a second role at the vault "${vault.name}": ${roleOf(each)}`,
    }));
    return [...appRolesAt(view, vault).flatMap(exactActions), ...more];
  });
}

/** A role of this deployment, unless somebody brings one. */
function ownRole(view: View): TemplateFinding[] {
  const vaults = Object.values(vaultsOf(view)).filter((each): each is Resource => each !== undefined);
  return vaults
    .filter((vault) => appRolesAt(view, vault).length === 0)
    .map((vault) => ({
      at: vault.pointer,
      message: `the app has no role of this deployment's own at the vault "${vault.name}"`,
    }));
}

function readers(view: View): TemplateFinding[] {
  const { credentials, tokens } = vaultsOf(view);
  const others = (vault: Resource | undefined): Resource[] =>
    vault === undefined ? [] : extensions(view, assignment, vault).filter((each) => !isForApp(view, each));
  return [
    ...others(credentials).map((each) => ({
      at: each.pointer,
      message: `${label(each)} lets somebody beside the app into the credentials vault`,
    })),
    ...others(tokens)
      .filter((each) => !roleOf(each).endsWith(secretsUser))
      .map((each) => ({
        at: each.pointer,
        message: `a reader of the tokens vault has the role ${roleOf(each)}, and needs Key Vault Secrets User (${secretsUser})`,
      })),
  ];
}

/** Somebody can be given the tokens vault, or downstream jobs could not read. */
function readersArePossible(views: readonly View[]): TemplateFinding[] {
  const isPossible = views.some((view) => {
    const { tokens } = vaultsOf(view);
    return (
      tokens !== undefined &&
      extensions(view, assignment, tokens).some((each) => roleOf(each).endsWith(secretsUser))
    );
  });
  const message = 'no parameter gives readers Key Vault Secrets User on the tokens vault';
  return isPossible ? [] : [{ at: ['parameters'], message }];
}

function noBroadRoles(view: View): TemplateFinding[] {
  return ofType(view, assignment).flatMap((each) => {
    const name = broadRoles.get(roleOf(each).split('/').at(-1) ?? '');
    const message = `${label(each)} gives ${name}, which can do far more than anything here needs`;
    return name === undefined ? [] : [{ at: each.pointer, message }];
  });
}

function narrowScopes(view: View): TemplateFinding[] {
  return ofType(view, assignment)
    .filter((each) => !each.scope.includes('/providers/'))
    .map((each) => ({
      at: each.pointer,
      message: `${label(each)} is for the whole of ${each.scope}: assign roles at the one resource`,
    }));
}

function rolesBeforeApp(view: View): TemplateFinding[] {
  const site = siteOf(view);
  if (site === undefined) return [{ at: ['resources'], message: 'there is no function app' }];
  const earlier = deployedBefore(site, view.deployment);
  const roles = ofType(view, assignment).filter((each) => isForApp(view, each));
  return roles
    .filter((each) => !earlier.has(each))
    .map((each) => ({
      at: each.pointer,
      message: `nothing makes the app wait for ${label(each)}: add it to the app's dependsOn`,
    }));
}

function storageRole(view: View): TemplateFinding[] {
  const accounts = ofType(view, 'Microsoft.Storage/storageAccounts');
  return accounts
    .filter((account) => {
      const roles = ofType(view, assignment).filter((each) => each.scope.startsWith(account.id));
      return !roles.some((each) => isForApp(view, each));
    })
    .map((account) => ({ at: account.pointer, message: `the app has no role at ${label(account)}` }));
}

export const roleMustHaves: readonly MustHave[] = [
  {
    rule: 'app-role',
    must: 'At each vault the app has one role, with exactly the secret actions that it uses.',
    because: 'the built-in role can also delete, purge and back up',
    source: learn('key-vault/general/rbac-guide'),
    each: appRole,
    byDefault: ownRole,
  },
  {
    rule: 'vault-readers',
    must: 'Only the app has a role at the credentials vault; readers of the tokens vault can read secrets and no more.',
    because: 'nobody else needs a refresh token',
    source: projectRule,
    each: readers,
    overall: ({ views }) => readersArePossible(views),
  },
  {
    rule: 'broad-role',
    must: 'No role assignment gives a broad role.',
    because: 'least privilege is the default',
    source: projectRule,
    each: noBroadRoles,
  },
  {
    rule: 'role-scope',
    must: 'Roles are assigned at resources, not at groups or subscriptions.',
    because: 'the next thing that is put into the group would be covered too',
    source: learn('role-based-access-control/scope-overview'),
    each: narrowScopes,
  },
  {
    rule: 'role-principal-type',
    must: 'Every role assignment says the type of its principal.',
    because: 'a new identity is not found at once, and the deployment fails with PrincipalNotFound',
    source: learn('role-based-access-control/role-assignments-template'),
    each: (view) =>
      ofType(view, assignment).flatMap((each) =>
        demand(each, ['properties', 'principalType'], oneOf('ServicePrincipal', 'Group', 'User')),
      ),
  },
  {
    rule: 'roles-before-app',
    must: "The app is deployed after its identity's role assignments.",
    because: 'Flex Consumption reaches for its storage as the identity while it is made',
    source: 'https://github.com/Azure/azure-dev/issues/8026',
    each: rolesBeforeApp,
  },
  {
    rule: 'storage-role',
    must: "The app's identity has a role at its storage.",
    because: 'there are no keys to get in with',
    source: learn('azure-functions/functions-reference'),
    each: storageRole,
  },
];
