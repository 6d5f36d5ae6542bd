import { everyOutput } from '../arm/order.ts';
import { canary, isSecure } from '../arm/samples.ts';
import { everyTemplate, everyText, type Template, type TypeDefinition } from '../arm/template.ts';
import { textOf } from '../arm/value.ts';
import {
  type CheckedWorld,
  learn,
  type MustHave,
  projectRule,
  type TemplateFinding,
  type View,
} from './must-have.ts';

/** Functions of templates that hand out keys or secrets. */
const secretFunctions = /\b(list[A-Z]\w*|getSecret)\s*\(/g;
const secretName =
  /secret|password|passphrase|credential(?!s?(vault|Vault))|(access|shared|account|function|host)[-_]?key|sas[-_]?token|refresh[-_]?token$|connection[-_]?string/i;
/** Named like secrets and none: the name of a thing is not the thing. */
const nameOfSecret = /(name|id|url|uri|vault|days|version|setting)$/i;

const looksSecret = (name: string): boolean => secretName.test(name) && !nameOfSecret.test(name);

function noSecretFunctions({ template }: CheckedWorld): TemplateFinding[] {
  return [...everyText(template)].flatMap(([text, pointer]) => {
    if (!text.startsWith('[')) return [];
    return [...text.matchAll(secretFunctions)].map(([, name]) => ({
      at: pointer,
      message: `${name}() is called: its answer stays in the deployment's history; use the identity instead`,
    }));
  });
}

/** The parameters of the template and its modules, each with its place. */
function parametersOf(template: Template): [string, TypeDefinition, TemplateFinding['at']][] {
  return [...everyTemplate(template)].flatMap(([each, pointer]) =>
    Object.entries(each.parameters ?? {}).map(
      ([name, parameter]): [string, TypeDefinition, TemplateFinding['at']] => [
        name,
        parameter,
        [...pointer, 'parameters', name],
      ],
    ),
  );
}

function described({ template }: CheckedWorld): TemplateFinding[] {
  return parametersOf(template)
    .filter(([, { metadata }]) => !metadata?.description?.trim())
    .map(([name, , at]) => ({ at, message: `the parameter ${name} has no @description` }));
}

function hasRange({ minValue, maxValue, allowedValues }: TypeDefinition): boolean {
  return allowedValues !== undefined || (minValue !== undefined && maxValue !== undefined);
}

function ranged({ template }: CheckedWorld): TemplateFinding[] {
  return Object.entries(template.parameters ?? {})
    .filter(([, parameter]) => parameter.type === 'int' && !hasRange(parameter))
    .map(([name]) => ({
      at: ['parameters', name],
      message: `the number ${name} has no range: give it @minValue and @maxValue, or the values that it may have`,
    }));
}

function secureParameters({ template }: CheckedWorld): TemplateFinding[] {
  return parametersOf(template)
    .filter(([name, parameter]) => looksSecret(name) && !isSecure(parameter))
    .map(([name, , at]) => ({
      at,
      message: `the parameter ${name} looks like a secret and stays in the deployment's history: make it @secure(), or better do without`,
    }));
}

function noSecretOutput({ template }: CheckedWorld): TemplateFinding[] {
  return [...everyTemplate(template)].flatMap(([each, pointer]) =>
    Object.entries(each.outputs ?? {})
      .filter(([name, output]) => looksSecret(name) || isSecure(output))
      .map(([name]) => ({
        at: [...pointer, 'outputs', name],
        message: `the output ${name} is or looks like a secret: outputs stay in the deployment's history`,
      })),
  );
}

function noSecureValueOut({ deployment }: View): TemplateFinding[] {
  return [...everyOutput(deployment)]
    .filter(([, value]) => textOf(value).includes(canary))
    .map(([name]) => ({
      at: ['outputs', name],
      message: `the output ${name} holds the value of a secure parameter: take it out`,
    }));
}

/** Preview API versions that have no stable successor, and why each is used. */
const previews: ReadonlySet<string> = new Set(['Microsoft.Insights/diagnosticSettings@2021-05-01-preview']);

function stableVersions({ resources }: View): TemplateFinding[] {
  return resources
    .map((resource) => ({ resource, version: `${resource.type}@${resource.apiVersion}` }))
    .filter(({ version }) => version.endsWith('-preview') && !previews.has(version))
    .map(({ resource, version }) => ({
      at: [...resource.pointer, 'apiVersion'],
      message: `${version} is a preview: take a stable version`,
    }));
}

export const templateMustHaves: readonly MustHave[] = [
  {
    rule: 'secret-function',
    must: 'Nothing asks Azure for keys or secrets.',
    because: 'there is an identity for everything',
    source: learn('azure-resource-manager/bicep/linter-rule-outputs-should-not-contain-secrets'),
    overall: noSecretFunctions,
  },
  {
    rule: 'secret-output',
    must: 'No output is, holds or looks like a secret.',
    because:
      "everyone who may see a deployment can read its outputs, for as long as it is in the group's history",
    source: learn('azure-resource-manager/bicep/linter-rule-outputs-should-not-contain-secrets'),
    each: noSecureValueOut,
    overall: noSecretOutput,
  },
  {
    rule: 'secret-parameter',
    must: 'No parameter that looks like a secret is readable.',
    because: "parameters stay in the deployment's history as well",
    source: learn('azure-resource-manager/bicep/linter-rule-secure-secrets-in-parameters'),
    overall: secureParameters,
  },
  {
    rule: 'parameter-description',
    must: 'Every parameter, of modules too, has a description.',
    because: 'the portal shows it, and nobody looks into the template',
    source: projectRule,
    overall: described,
  },
  {
    rule: 'parameter-range',
    must: 'Every number that a deployment may choose has a range.',
    because: 'a wrong number shall be refused before anything is deployed',
    source: projectRule,
    overall: ranged,
  },
  {
    rule: 'api-preview',
    must: 'No resource uses a preview API where there is a stable one.',
    because: 'previews are withdrawn',
    source: projectRule,
    each: stableVersions,
  },
];
