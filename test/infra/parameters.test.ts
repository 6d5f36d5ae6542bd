import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { at, type Value } from '../../infra/check/arm/value.ts';
import { findCli } from '../../infra/check/check.ts';
import { cleanEnvironment } from '../../infra/check/compile.ts';
import { appSettings, ofType, siteOf, type View, viewsOf } from '../../infra/check/must-haves/must-have.ts';
import { committedTemplate, root } from './template-edits.ts';

const template = committedTemplate();

/** What would be deployed with these parameters. */
function deployed(parameters: Record<string, Value>): View {
  const given = { alertEmails: [], ...parameters };
  const view = viewsOf(template, [{ name: 'given', parameters: given }]).at(-1);
  assert.ok(view !== undefined);
  return view;
}

const group = (view: View) => ofType(view, 'Microsoft.Resources/resourceGroups')[0]?.name;
const workspace = (view: View) => ofType(view, 'Microsoft.OperationalInsights/workspaces')[0]?.name;

const found = await findCli(root, false);
const skip = 'missing' in found ? `no Bicep compiler is here: ${found.missing}` : false;

describe('the name of the environment', () => {
  for (const [environmentName, prefix, groupName] of [
    ['refresher-prod', 'refresher-prod', 'rg-refresher-prod'],
    ['Refresher-Prod', 'refresher-prod', 'rg-Refresher-Prod'],
    ['my_env.1', 'my-env-1', 'rg-my-env-1'],
    ['Team A (test)', 'team-a-test', 'rg-Team-A-test'],
    ['-a--b-', 'a-b', 'rg-a-b'],
  ] as const) {
    test(`"${environmentName}" gives log-${prefix} in ${groupName}`, () => {
      const view = deployed({ environmentName });
      assert.equal(workspace(view), `log-${prefix}`);
      assert.equal(group(view), groupName);
      assert.match(siteOf(view)?.name ?? '', new RegExp(`^func-${prefix}-[0-9a-z]{13}$`));
    });
  }

  test('stands in the tag by which azd finds its resources as it was given', () => {
    const site = siteOf(deployed({ environmentName: 'My_Env' }));
    assert.equal(at(site?.body, 'tags', 'azd-env-name'), 'My_Env');
  });

  test('deploys into the same names when azd gives back the resource group', () => {
    const first = deployed({ environmentName: 'My_Env' });
    const second = deployed({ environmentName: 'My_Env', resourceGroupName: group(first) ?? '' });
    assert.equal(siteOf(second)?.name, siteOf(first)?.name);
  });

  test('is refused in a sentence when nothing is left of it', () => {
    assert.throws(
      () => deployed({ environmentName: '(_)' }),
      /environmentName must hold a letter from a to z/,
    );
  });
});

describe('the name of the resource group', () => {
  for (const name of ['my group', 'group.', 'a/b', 'x"y']) {
    test(`"${name}" is refused in a sentence`, () => {
      assert.throws(
        () => deployed({ environmentName: 'prod', resourceGroupName: name }),
        /resourceGroupName may hold letters, digits/,
      );
    });
  }
  for (const name of ['My_Group.1-(x)', 'Grüppe']) {
    test(`"${name}" is taken`, () =>
      assert.equal(group(deployed({ environmentName: 'prod', resourceGroupName: name })), name));
  }
});

describe('whom alerts go to', () => {
  const told = (parameters: Record<string, Value>) => {
    const view = deployed({ environmentName: 'prod', ...parameters });
    return [view.deployment.outputs['ALERTS_GO_TO'], appSettings(view).values.get('ALERT_RECEIVERS')];
  };
  test('is nobody, which an output says with the remedy, and a setting to the doctor', () => {
    const [output, setting] = told({ alertEmails: [] });
    assert.match(String(output), /^NOBODY: .*ALERT_EMAILS/);
    assert.equal(setting, '0');
  });
  test('is counted', () => {
    const [output, setting] = told({ alertEmails: ['a@b.example'], alertActionGroupIds: ['x', 'y'] });
    assert.equal(output, 'e-mail addresses: 1, webhooks: 0, action groups: 2');
    assert.equal(setting, '3');
  });
});

describe('a publish', () => {
  const strategy = (parameters: Record<string, Value>) => {
    const site = siteOf(deployed({ environmentName: 'prod', ...parameters }));
    return at(site?.body, 'properties', 'functionAppConfig', 'siteUpdateStrategy');
  };
  test('ends running functions, as Azure does by default', () => assert.equal(strategy({}), null));
  test('lets them finish when that is asked for', () =>
    assert.deepEqual(strategy({ rollingUpdates: true }), { type: 'RollingUpdate' }));
});

/** Parameters as the parameter file makes them of an environment. */
function parametersWith(environment: Record<string, string>): Record<string, { value: Value }> {
  assert.ok('cli' in found);
  const options = ['build-params', 'infra/main.bicepparam', '--stdout', '--no-restore'];
  const env = { ...cleanEnvironment(), ...environment };
  const { parametersJson } = JSON.parse(
    execFileSync(found.cli.path, options, { cwd: root, env, encoding: 'utf8' }),
  );
  return JSON.parse(parametersJson).parameters;
}

describe('an environment variable of the parameter file', { skip }, () => {
  test('counts when it is given, and is as absent when it is empty or blank', () => {
    const parameters = parametersWith({
      ...{ AZURE_ENV_NAME: '', AZURE_RESOURCE_GROUP: ' ', ALERT_EMAILS: '', ALERT_ACTION_GROUP_IDS: ' ' },
      ...{ RUNBOOK_URL: '', STATUS_PAGE_CLIENT_ID: ' ', PUBLIC_URL: '', PRIVATE_NETWORKING: ' ' },
      ...{ ALLOWED_IP_RANGES: '', ROLLING_UPDATES: '', TOKEN_READERS: '[]', PUBLIC_INGRESS: 'false' },
    });
    assert.deepEqual(
      Object.fromEntries(Object.entries(parameters).map(([name, { value }]) => [name, value])),
      {
        ...{ environmentName: 'refresher', resourceGroupName: '', alertEmails: [], alertActionGroupIds: [] },
        ...{ runbookUrl: 'docs/runbook.md', statusPageClientId: '', publicUrl: '', privateNetworking: false },
        ...{ allowedIpRanges: [], rollingUpdates: false, tokenReaders: [], publicIngress: false },
      },
    );
  });
});
