import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkTemplate, mustHaves } from '../../infra/check/must-haves/check-template.ts';
import { projectRule } from '../../infra/check/must-haves/must-have.ts';
import { settingsRead } from '../../infra/check/settings.ts';
import {
  bodies,
  committedTemplate,
  type Editable,
  moduleNamed,
  root,
  templateWith,
} from './template-edits.ts';

const hostJson = JSON.parse(readFileSync(join(root, 'host.json'), 'utf8'));
const read = settingsRead(root);
const check = (template: Editable, host: Editable = hostJson) =>
  checkTemplate({ template, host, settingsRead: read }).faults;

const vault = 'Microsoft.KeyVault/vaults';
const storage = 'Microsoft.Storage/storageAccounts';
const site = 'Microsoft.Web/sites';
const assignment = 'Microsoft.Authorization/roleAssignments';
const definition = 'Microsoft.Authorization/roleDefinitions';
const component = 'Microsoft.Insights/components';

const argumentsOf = (template: Editable, module: string) =>
  moduleNamed(template, module).properties.parameters;
const permissions = (template: Editable) => bodies(template, definition)[0].properties.permissions[0];
const properties = (template: Editable, type: string) => bodies(template, type)[0].properties;
const authentication = (template: Editable) =>
  bodies(template, 'Microsoft.Web/sites/config').find(({ name }) => name.includes('authsettingsV2'));

/** The settings are one expression; what is changed is put around it. */
function changeSettings(template: Editable, change: (expression: string) => string): void {
  const config = properties(template, site).siteConfig;
  config.appSettings = `[${change(config.appSettings.slice(1, -1))}]`;
}
const without = (name: string) => (list: string) =>
  `filter(${list}, lambda('each', not(equals(lambdaVariables('each').name, '${name}'))))`;
const withSetting = (name: string, value: string) => (list: string) =>
  `concat(${without(name)(list)}, createArray(createObject('name', '${name}', 'value', ${value})))`;

type Seeded = readonly [what: string, rule: string, says: RegExp, seed: (template: Editable) => void];

const secretActions = 'Microsoft.KeyVault/vaults/secrets';

const faults: readonly Seeded[] = [
  [
    'bodies of any length',
    'setting-body-limit',
    /8192 to 65536 bytes/,
    (t) => {
      changeSettings(t, withSetting('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', "'104857600'"));
    },
  ],
  [
    'bodies shorter than the app takes',
    'setting-body-limit',
    /8192 to 65536 bytes/,
    (t) => {
      changeSettings(t, withSetting('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT', "'8191'"));
    },
  ],
  [
    'one vault for both',
    'two-vaults',
    /same vault/,
    (t) => {
      changeSettings(t, withSetting('TOKENS_VAULT_URL', "parameters('credentialsVaultUrl')"));
    },
  ],
  [
    'RBAC off',
    'vault-rbac',
    /enableRbacAuthorization .* is false/,
    (t) => {
      properties(t, vault).enableRbacAuthorization = false;
    },
  ],
  [
    'purge protection off',
    'vault-purge-protection',
    /enablePurgeProtection .* missing/,
    (t) => {
      argumentsOf(t, 'credentialsVault').purgeProtection.value = false;
    },
  ],
  [
    'purge protection said to be false',
    'vault-purge-protection-false',
    /is false/,
    (t) => {
      const inner = moduleNamed(t, 'tokensVault').properties.template;
      bodies(inner, vault)[0].properties.enablePurgeProtection = false;
    },
  ],
  [
    'credentials recoverable for 89 days',
    'vault-soft-delete-credentials',
    /is 89.*must be 90/,
    (t) => {
      argumentsOf(t, 'credentialsVault').softDeleteRetentionDays.value = 89;
    },
  ],
  [
    'access tokens recoverable for 8 days',
    'vault-soft-delete-tokens',
    /is 8.*must be 7/,
    (t) => {
      argumentsOf(t, 'tokensVault').softDeleteRetentionDays.value = 8;
    },
  ],
  [
    'soft delete off',
    'vault-soft-delete-on',
    /enableSoftDelete/,
    (t) => {
      properties(t, vault).enableSoftDelete = false;
    },
  ],
  [
    'a vault open to Resource Manager',
    'vault-enabledForTemplateDeployment',
    /is true/,
    (t) => {
      properties(t, vault).enabledForTemplateDeployment = true;
    },
  ],
  [
    'a vault open to virtual machines',
    'vault-enabledForDeployment',
    /is true/,
    (t) => {
      properties(t, vault).enabledForDeployment = true;
    },
  ],
  [
    'a vault open to disk encryption',
    'vault-enabledForDiskEncryption',
    /is true/,
    (t) => {
      properties(t, vault).enabledForDiskEncryption = true;
    },
  ],
  [
    'the audit log switched off',
    'vault-audit',
    /has no audit log/,
    (t) => {
      properties(t, 'Microsoft.Insights/diagnosticSettings').logs[0].enabled = false;
    },
  ],
  [
    'no locks by default',
    'vault-lock',
    /has no lock/,
    (t) => {
      t.parameters.lockVaults.defaultValue = false;
    },
  ],
  [
    'a lock that lets deletion pass',
    'vault-lock',
    /has no lock/,
    (t) => {
      properties(t, 'Microsoft.Authorization/locks').level = 'ReadOnly';
    },
  ],
  [
    'a role action too many',
    'app-role',
    /has .*secrets\/delete\/action, which the app never does/,
    (t) => {
      permissions(t).dataActions.push(`${secretActions}/delete/action`);
    },
  ],
  [
    'all secret actions',
    'app-role',
    /has .*secrets\/\*/,
    (t) => {
      permissions(t).dataActions.push(`${secretActions}/*`);
    },
  ],
  [
    'a role action missing',
    'app-role',
    /lacks .*update\/action/,
    (t) => {
      permissions(t).dataActions.splice(
        permissions(t).dataActions.indexOf(`${secretActions}/update/action`),
        1,
      );
    },
  ],
  [
    'a management action',
    'app-role',
    /management action .*vaults\/write/,
    (t) => {
      permissions(t).actions.push('Microsoft.KeyVault/vaults/write');
    },
  ],
  [
    'a second role at a vault',
    'app-role',
    /second role/,
    (t) => {
      const inner = moduleNamed(t, 'tokensVault').properties.template;
      inner.resources.another = { ...bodies(inner, assignment)[0], name: 'another' };
    },
  ],
  [
    'readers of refresh tokens',
    'vault-readers',
    /somebody beside the app into the credentials vault/,
    (t) => {
      argumentsOf(t, 'credentialsVault').readers = argumentsOf(t, 'tokensVault').readers;
    },
  ],
  [
    'no way to name readers',
    'vault-readers',
    /no parameter gives readers/,
    (t) => {
      delete argumentsOf(t, 'tokensVault').readers;
    },
  ],
  [
    'Contributor for the app at its storage',
    'broad-role',
    /gives Contributor/,
    (t) => {
      const inner = moduleNamed(t, 'storage').properties.template;
      bodies(inner, assignment)[0].properties.roleDefinitionId =
        "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b24988ac-6180-42a0-ab88-20f7382dd24c')]";
    },
  ],
  [
    'a role in the whole group',
    'role-scope',
    /for the whole of .*resourceGroups/,
    (t) => {
      const inner = moduleNamed(t, 'monitoring').properties.template;
      delete bodies(inner, assignment)[0].scope;
    },
  ],
  [
    'no type of principal',
    'role-principal-type',
    /principalType .* missing/,
    (t) => {
      delete bodies(t, assignment)[0].properties.principalType;
    },
  ],
  [
    'an app that waits for no role',
    'roles-before-app',
    /nothing makes the app wait/,
    (t) => {
      const app = moduleNamed(t, 'functionApp');
      app.dependsOn = app.dependsOn.filter((name: string) => name !== 'tokensVault');
    },
  ],
  [
    'no role at the storage',
    'storage-role',
    /no role at storageAccounts/,
    (t) => {
      const inner = moduleNamed(t, 'storage').properties.template;
      bodies(inner, assignment)[0].condition = false;
    },
  ],
  [
    'shared keys on',
    'storage-shared-key',
    /allowSharedKeyAccess .* is true/,
    (t) => {
      properties(t, storage).allowSharedKeyAccess = true;
    },
  ],
  [
    'shared keys unsaid',
    'storage-shared-key',
    /allowSharedKeyAccess .* missing/,
    (t) => {
      delete properties(t, storage).allowSharedKeyAccess;
    },
  ],
  [
    'public blobs',
    'storage-public-blob',
    /is true/,
    (t) => {
      properties(t, storage).allowBlobPublicAccess = true;
    },
  ],
  [
    'TLS 1.1 at the storage',
    'storage-tls',
    /TLS1_1/,
    (t) => {
      properties(t, storage).minimumTlsVersion = 'TLS1_1';
    },
  ],
  [
    'http at the storage',
    'storage-https',
    /is false/,
    (t) => {
      properties(t, storage).supportsHttpsTrafficOnly = false;
    },
  ],
  [
    'http at the app',
    'site-https',
    /httpsOnly .* is false/,
    (t) => {
      properties(t, site).httpsOnly = false;
    },
  ],
  [
    'TLS 1.1 at the app',
    'site-tls',
    /minTlsVersion .* is 1\.1/,
    (t) => {
      properties(t, site).siteConfig.minTlsVersion = '1.1';
    },
  ],
  [
    'a word about FTP',
    'site-ftps-state',
    /ftpsState .* is Disabled, and must be absent/,
    (t) => {
      properties(t, site).siteConfig.ftpsState = 'Disabled';
    },
  ],
  [
    'basic publishing on',
    'site-basic-publishing',
    /allow .* is true/,
    (t) => {
      properties(t, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies').allow = true;
    },
  ],
  [
    'Node 22',
    'site-runtime',
    /runtime\.version .* is 22/,
    (t) => {
      properties(t, site).functionAppConfig.runtime.version = '22';
    },
  ],
  [
    'another plan',
    'site-plan',
    /is EP1/,
    (t) => {
      bodies(t, 'Microsoft.Web/serverfarms')[0].sku.name = 'EP1';
    },
  ],
  [
    'a system-assigned identity as well',
    'site-identity',
    /SystemAssigned/,
    (t) => {
      bodies(t, site)[0].identity.type = 'SystemAssigned,UserAssigned';
    },
  ],
  [
    'a deployment with a key',
    'site-deployment-identity',
    /StorageAccountConnectionString/,
    (t) => {
      properties(t, site).functionAppConfig.deployment.storage.authentication.type =
        'StorageAccountConnectionString';
    },
  ],
  [
    'telemetry without a token',
    'insights-local-auth',
    /DisableLocalAuth .* is false/,
    (t) => {
      properties(t, component).DisableLocalAuth = false;
    },
  ],
  [
    'Application Insights without a workspace',
    'insights-workspace',
    /WorkspaceResourceId .* missing/,
    (t) => {
      delete properties(t, component).WorkspaceResourceId;
    },
  ],
  [
    'sampling',
    'insights-sampling',
    /is 50/,
    (t) => {
      properties(t, component).SamplingPercentage = 50;
    },
  ],
  [
    'an open vault behind a private endpoint',
    'private-network',
    /publicNetworkAccess .* is Enabled/,
    (t) => {
      argumentsOf(t, 'tokensVault').privateOnly.value = false;
    },
  ],
  [
    'a name too long',
    'names',
    /more than 24/,
    (t) => {
      argumentsOf(t, 'credentialsVault').name.value = "[format('kv-credentials-{0}', variables('token'))]";
    },
  ],
  [
    'the name of the environment as it was given',
    'names',
    /"log-Sample_Env\.\(1\)" has characters/,
    (t) => {
      t.variables.workspaceName = "[format('log-{0}', parameters('environmentName'))]";
    },
  ],
  [
    'five action groups beside the one that is made',
    'alert-action-groups',
    /takes more than 4/,
    (t) => {
      t.parameters.alertActionGroupIds.maxLength = 5;
    },
  ],
  [
    'an app setting missing',
    'setting-missing',
    /SWEEP_CONCURRENCY, which src\/config\.ts reads/,
    (t) => {
      changeSettings(t, without('SWEEP_CONCURRENCY'));
    },
  ],
  [
    'an app setting too many',
    'setting-unknown',
    /SWEEP_CONCURENCY is set, and nothing reads it/,
    (t) => {
      changeSettings(t, withSetting('SWEEP_CONCURENCY', "'1'"));
    },
  ],
  [
    'an exception that nothing needs any more',
    'setting-exception',
    /AzureWebJobsStorage__blobServiceUri is excepted/,
    (t) => {
      changeSettings(t, without('AzureWebJobsStorage__blobServiceUri'));
    },
  ],
  [
    'a setting of the local environment',
    'setting-unknown',
    /ALLOW_LOOPBACK is set.*local environment/,
    (t) => {
      changeSettings(t, withSetting('ALLOW_LOOPBACK', "'true'"));
    },
  ],
  [
    'a plain AzureWebJobsStorage, though empty',
    'setting-storage',
    /AzureWebJobsStorage is set/,
    (t) => {
      changeSettings(t, withSetting('AzureWebJobsStorage', "''"));
    },
  ],
  [
    'no identity for the storage',
    'setting-storage',
    /__credential must be managedidentity/,
    (t) => {
      changeSettings(t, withSetting('AzureWebJobsStorage__credential', "''"));
    },
  ],
  [
    'a setting that Flex refuses',
    'setting-flex',
    /FUNCTIONS_WORKER_RUNTIME is not for Flex/,
    (t) => {
      changeSettings(t, withSetting('FUNCTIONS_WORKER_RUNTIME', "'node'"));
    },
  ],
  [
    'telemetry with a key',
    'setting-telemetry',
    /must hold Authorization=AAD/,
    (t) => {
      changeSettings(t, withSetting('APPLICATIONINSIGHTS_AUTHENTICATION_STRING', "''"));
    },
  ],
  [
    'a secret as a setting',
    'setting-secret',
    /CLIENT_SECRET looks like a secret/,
    (t) => {
      changeSettings(t, withSetting('CLIENT_SECRET', "'x'"));
    },
  ],
  [
    'nothing that tells of disabled rules',
    'alert-disabled-rule',
    /no activity-log alert/,
    (t) => {
      properties(t, 'Microsoft.Insights/activityLogAlerts').condition.allOf.pop();
    },
  ],
  [
    'a receiver of another schema',
    'action-group',
    /lacks useCommonAlertSchema/,
    (t) => {
      const [copy] = properties(t, 'Microsoft.Insights/actionGroups').copy;
      copy.input.useCommonAlertSchema = false;
    },
  ],
  [
    'consent behind the sign-in',
    'status-sign-in',
    /requireAuthentication .* is true/,
    (t) => {
      authentication(t).properties.globalValidation.requireAuthentication = true;
    },
  ],
  [
    'a path on which a client may say who it is',
    'status-sign-in',
    /\/api\/\* is excluded/,
    (t) => {
      authentication(t).properties.globalValidation.excludedPaths.push('/api/*');
    },
  ],
  [
    'no way to have people sign in',
    'status-sign-in',
    /no set of parameters/,
    (t) => {
      authentication(t).condition = false;
    },
  ],
  [
    'a listKeys',
    'secret-function',
    /listKeys\(\) is called/,
    (t) => {
      templateWith(t, storage).outputs.account = {
        type: 'string',
        value:
          "[listKeys(resourceId('Microsoft.Storage/storageAccounts', parameters('name')), '2025-06-01').keys[0].value]",
      };
    },
  ],
  [
    'a secret output',
    'secret-output',
    /adminPassword is or looks like a secret/,
    (t) => {
      t.outputs.adminPassword = { type: 'string', value: 'x' };
    },
  ],
  [
    'a secure parameter in an output of a harmless name',
    'secret-output',
    /note holds the value of a secure/,
    (t) => {
      t.parameters.certificate = { type: 'securestring', metadata: { description: 'x' } };
      t.variables.note = "[concat('see ', parameters('certificate'))]";
      t.outputs.note = { type: 'string', value: "[variables('note')]" };
    },
  ],
  [
    'a readable secret parameter',
    'secret-parameter',
    /clientSecret looks like a secret/,
    (t) => {
      t.parameters.clientSecret = { type: 'string', metadata: { description: 'x' } };
    },
  ],
  [
    'a parameter without a description',
    'parameter-description',
    /location has no @description/,
    (t) => {
      delete templateWith(t, storage).parameters.location.metadata;
    },
  ],
  [
    'a number without an upper end',
    'parameter-range',
    /logRetentionDays has no range/,
    (t) => {
      delete t.parameters.logRetentionDays.maxValue;
    },
  ],
  [
    'a preview API',
    'api-preview',
    /2027-01-01-preview is a preview/,
    (t) => {
      bodies(t, storage)[0].apiVersion = '2027-01-01-preview';
    },
  ],
];

/** A second rule that the same fault breaks, and rightly. */
const alsoBroken: Readonly<Record<string, readonly string[]>> = {
  'one vault for both': ['vault-readers', 'vault-soft-delete-tokens'],
  'a secret as a setting': ['setting-unknown'],
  'a plain AzureWebJobsStorage, though empty': ['setting-unknown'],
  'a setting that Flex refuses': ['setting-unknown'],
};

describe('the committed template', () => {
  test('has everything that every deployment must have', () =>
    assert.deepEqual(check(committedTemplate()), []));
});

describe('a fault in the template is named', () => {
  for (const [what, rule, says, seed] of faults) {
    test(what, () => {
      const template = committedTemplate();
      seed(template);
      const found = check(template);
      const named = found.filter((fault) => fault.rule === rule);
      assert.ok(
        named.some(({ message }) => says.test(message)),
        JSON.stringify(found, null, 1),
      );
      const others = new Set(found.map((fault) => fault.rule).filter((other) => other !== rule));
      assert.deepEqual([...others].sort(), [...(alsoBroken[what] ?? [])].sort());
    });
  }

  test('requests without a bound', () => {
    for (const [name, value] of [
      ['maxConcurrentRequests', -1],
      ['maxOutstandingRequests', undefined],
    ] as const) {
      const host = structuredClone(hostJson);
      host.extensions.http[name] = value;
      assert.deepEqual(
        check(committedTemplate(), host).map(({ file, rule }) => [file, rule]),
        [['host.json', 'host-request-limits']],
      );
    }
  });

  test('query strings in the log of the host', () => {
    const host = structuredClone(hostJson);
    host.logging.applicationInsights.enableQueryStringTracing = true;
    assert.deepEqual(
      check(committedTemplate(), host).map(({ file, rule }) => [file, rule]),
      [['host.json', 'host-query-tracing']],
    );
  });
});

describe('the table of must-haves', () => {
  test('has a name, a sentence and a reason in each line', () => {
    const names = mustHaves.map(({ rule }) => rule);
    assert.equal(new Set(names).size, names.length);
    for (const { must, because } of mustHaves) {
      assert.match(must, /^[A-Z].*\.$/);
      assert.ok(because.length > 0);
    }
  });

  test('says in each line where Azure is known to be so, or that the project wants it', () => {
    for (const { rule, source } of mustHaves) {
      if (source === projectRule) continue;
      assert.match(source, /^https:\/\/(learn\.microsoft\.com|github\.com)\/\S+$/, rule);
    }
  });

  test('is seeded with a fault in each line', () => {
    const seeded = new Set(['host-query-tracing', 'host-request-limits', ...faults.map(([, rule]) => rule)]);
    const notSeeded = mustHaves.map(({ rule }) => rule).filter((rule) => !seeded.has(rule));
    assert.deepEqual(notSeeded, []);
  });
});
