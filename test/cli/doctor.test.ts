import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { personalTenantId } from '../../local/entra/grants.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds, secondsPerDay } from '../../src/time.ts';
import { ads, crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const hr = { clientId: '33333333-3333-4333-8333-333333333333', secretName: 'client-secret-hr' };
const gone = { clientId: '44444444-4444-4444-8444-444444444444', secretName: 'client-secret-gone' };

const msads = 'https://ads.microsoft.com/msads.manage';

const federatedId = '55555555-5555-4555-8555-555555555555';
const federated = { clientId: federatedId, secretName: '', method: 'managed_identity' } as const;

const native = { clientId: '77777777-7777-4777-8777-777777777777', secretName: '', method: 'none' } as const;

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'native', client: native, accessTokenMinutesLeft: 80 });
  world.addAccount({ id: 'federated', client: federated, accessTokenMinutesLeft: 80 });
  world.addAccount({ id: 'well', client: crm, accessTokenMinutesLeft: 80 });
  world.addAccount({ id: 'hr', client: hr, accessTokenMinutesLeft: 80 });
  world.addAccount({ id: 'new', client: crm, consented: false });
  world.addAccount({ id: 'typo', client: crm, registration: '{"tenant":"pasted-secret-value"}' });
  world.addAccount({ id: 'left', client: gone, accessTokenMinutesLeft: 80 });
  world.credentials.update(gone.secretName, '', { enabled: false });
  world.tokens.set('access-token-stray', { value: new Sensitive('stray-access-token-value') });
  const drifted = world.addAccount({ id: 'drifted', client: ads, accessTokenMinutesLeft: 80 });
  assert.ok(drifted);
  const { tags = {} } = world.tokens.versionsOf('access-token-drifted').at(-1) ?? {};
  world.tokens.update('access-token-drifted', '', {
    tags: { ...tags, scope: 'https://old.example/.default' },
  });
  const now = nowSeconds(world.clock);
  const expires = (name: string, days: number) =>
    world.credentials.update(name, '', { expiresAt: now + days * secondsPerDay });
  const resource = 'https://graph.windows.net';
  world.addAccount({ id: 'old-graph', client: crm, resource, accessTokenMinutesLeft: 80 });
  const user = { tenantId: personalTenantId, objectId: '66666666-6666-4666-8666-666666666666' };
  world.addAccount({ id: 'personal', client: crm, tenant: 'common', user, accessTokenMinutesLeft: 80 });
  world.addAccount({ id: 'work', client: crm, tenant: 'common', accessTokenMinutesLeft: 80 });
  world.addAccount({ id: 'ads-new', client: crm, tenant: 'common', scopes: [msads], consented: false });
  world.addAccount({ id: 'ads-right', client: crm, tenant: 'consumers', scopes: [msads], consented: false });
  world.addAccount({ id: 'lapsed', client: crm, accessTokenMinutesLeft: 80 });
  expires('account-lapsed', -1);
  expires(crm.secretName, 20);
  expires(hr.secretName, 200);
  world.credentials.set('consent-signing-key', {
    value: new Sensitive('key'),
    expiresAt: now - secondsPerDay,
  });
  world.credentials.update('refresh-token-hr', '', { expiresAt: now + 3 * secondsPerDay });
});

async function findings(line = 'doctor --json', input: readonly string[] = []): Promise<Finding[]> {
  return (await cli.run(line, { input })).json<{ findings: Finding[] }>().findings;
}

const about = (all: readonly Finding[], where: RegExp | string): Finding[] =>
  all.filter((finding) => (typeof where === 'string' ? finding.where === where : where.test(finding.where)));

/** What was found about one thing, as `level what`. */
const told = (all: readonly Finding[], where: RegExp | string): string =>
  about(all, where)
    .map(({ level, what }) => `${level} ${what}`)
    .join('\n');

describe('doctor', () => {
  test('writes to no vault and sends no token request', async () => {
    const writes: string[] = [];
    const note = ({ operation = '', name = '' }) => void writes.push(`${operation} ${name}`);
    const operation = ['set', 'update', 'delete'] as const;
    cli.world.credentialsFaults.add({ operation, before: note });
    cli.world.tokensFaults.add({ operation, before: note });
    let redemptions = 0;
    cli.world.entraFaults.add({ before: () => void redemptions++ });
    const before = JSON.stringify([...cli.world.credentials.snapshot().active]);
    await cli.run('doctor');
    assert.equal(writes.length, 0);
    assert.equal(redemptions, 0);
    assert.equal(JSON.stringify([...cli.world.credentials.snapshot().active]), before);
    // The same counters see what a command does that writes and redeems.
    await cli.run('refresh well');
    assert.ok(writes.includes('set refresh-token-well'));
    assert.equal(redemptions, 1);
  });

  test('says what is wrong and what to do, the worst first, and exits with 1', async () => {
    const { exitCode, out, err } = await cli.run('doctor');
    assert.deepEqual([exitCode, err], [1, '']);
    assert.match(out, /^problem {2}/);
    assert.match(out, /\n {9}→ Correct the JSON in that secret/);
    assert.match(out, /Problems: \d+, warnings: \d+, notes: \d+\. Nothing was changed or redeemed\.\n$/);
    assert.doesNotMatch(out, /pasted-secret-value/);
  });

  test('gives every finding but the good ones a remedy', async () => {
    for (const { level, what, remedy } of await findings())
      assert.ok(level === 'note' || (remedy !== undefined && remedy !== ''), what);
  });

  const cases: readonly (readonly [what: string, where: RegExp | string, finding: RegExp])[] = [
    [
      'a faulty registration',
      'account typo',
      /^problem The registration "account-typo" cannot be used: tenant/,
    ],
    ['an account nobody has consented for', 'account new', /^warning pending consent/],
    ['tokens without a registration', 'account stray', /^warning orphaned/],
    [
      'a client without a secret, once',
      `client ${gone.clientId}`,
      /^problem The credentials vault has no enabled secret "client-secret-gone"\.$/,
    ],
    [
      'a secret that ends in 30 days',
      `client ${crm.clientId}`,
      /^warning "client-secret-crm" .* ends in (19|20) d/,
    ],
    ['one that ends later', `client ${hr.clientId}`, /^note "client-secret-hr" .* ends in (199|200) d/],
    [
      'one without a date',
      `client ${ads.clientId}`,
      /^warning Expiry unknown: nobody noted when "client-secret-ads" .*1\) ends/,
    ],
    [
      "a client with the app's identity",
      `client ${federated.clientId}`,
      /^note Proven by the app's managed identity: only the app's own sweeps tell/,
    ],
    ['a public client', `client ${native.clientId}`, /^note A public client: it has no secret/],
    [
      'a token for other scopes',
      'account drifted',
      /^warning The published token is for "https:\/\/old\.example\/\.default", the registration asks for/,
    ],
    ['an API that has ended', 'account old-graph', /^problem It asks for tokens of Azure AD Graph/],
    [
      'a personal account on common',
      'account personal',
      /^warning It is registered with the tenant common\. Its user has a personal account: Entra may refuse/,
    ],
    ['nothing about a work account on common', 'account work', /^$/],
    [
      'an account for Microsoft Advertising on common before its user is known',
      'account ads-new',
      /warning It is registered with the tenant common\. If its user has a personal account, Entra may refuse/,
    ],
    ['nothing more of one on consumers', 'account ads-right', /^warning pending consent[^\n]*$/],
    [
      'registrations that have expired, and secrets that never do',
      'secrets',
      /^warning 1 registrations have expired: account-lapsed\. They work all the same\.\nnote \d+ without an expiry: /,
    ],
    ['a refresh token near its end', 'account hr', /^warning Its refresh token ends in (2|3) d/],
    [
      'a key that nobody has renewed',
      'consent links',
      /^warning "consent-signing-key" expired .*; links are signed with it all the same\.$/,
    ],
    ['nothing about an account that is well', 'account well', /^$/],
    [
      'the write budget',
      'write budget',
      /^note \d+ access tokens are refreshed in a sweep, 0 % of the \d+ that/,
    ],
    ['that app settings were not given', 'app settings', /^note Not looked at/],
  ];
  for (const [what, where, finding] of cases) {
    test(`finds ${what}`, async () => assert.match(told(await findings(), where), finding));
  }

  test("labels whose rights it speaks of: one's own, and the app's as its last sweep proved them", async () => {
    const before = told(await findings(), /^https:/);
    assert.match(before, /note Your own rights: you can list it and read values/);
    await cli.run('refresh --all');
    const after = told(await findings(), /^https:/);
    assert.match(after, /note The app's rights: list, set, get and update were used .* ago|now/);
    assert.match(after, /note This machine's clock agrees with it/);
    assert.doesNotMatch(after, /app's clock/);
  });

  test("finds an app's clock that differs from the vault's", async () => {
    const { version = '', tags = {} } = cli.world.tokens.versionsOf('refresher-heartbeat').at(-1) ?? {};
    const completed = new Date(cli.clock.nowMilliseconds() + 600_000).toISOString().replace(/\.\d+/, '');
    cli.world.tokens.update('refresher-heartbeat', version, {
      tags: { ...tags, 'last-sweep-completed-at': completed },
    });
    assert.match(
      told(await findings(), /^https:/),
      /warning The app's clock and the vault's differ by \d+ s/,
    );
  });

  test('says that the timer is silent', async () => {
    cli.clock.moveTo(cli.clock.nowMilliseconds() + 3 * 3_600_000);
    assert.match(told(await findings(), 'timer'), /^problem No sweep has been completed since/);
  });

  for (const [right, operation, finding] of [
    ['list', 'list', /problem You cannot list it: .*forbidden/],
    ['read values', 'get', /warning Your own rights: you can list it and not read values/],
  ] as const) {
    test(`goes on without the right to ${right}, and exits with 3`, async () => {
      cli.world.credentialsFaults.denied.add(operation);
      const ran = await cli.run('doctor --json');
      assert.equal(ran.exitCode, 3);
      const all = ran.json<{ findings: Finding[] }>().findings;
      assert.match(told(all, /^https:/), finding);
      assert.match(told(all, /^https:/), /you can list it and read values/, 'the other vault');
    });
  }

  test('compares the settings of the app with what the code reads, and never tells a value', async () => {
    const { CREDENTIALS_VAULT_URL = '' } = cli.local.appSettings;
    const settings = [
      { name: 'CREDENTIALS_VAULT_URL', value: CREDENTIALS_VAULT_URL },
      { name: 'TOKENS_VAULT_URL', value: 'https://other-tokens.vault.azure.net' },
      { name: 'ALLOW_LOOPBACK', value: 'true' },
      { name: 'SWEEP_CONCURRENCY', value: 'a-secret-pasted-here' },
      { name: 'MINIMUM_VALIDITY_MINUTE', value: '20' },
      { name: 'FUNCTIONS_EXTENSION_VERSION', value: '~4' },
    ];
    const all = await findings('doctor --json --app-settings -', [JSON.stringify(settings)]);
    assert.deepEqual(
      about(all, /^setting/).map(({ level, where, remedy }) => [level, where, remedy]),
      [
        ['problem', 'setting SWEEP_CONCURRENCY', "Correct it in the function app's settings."],
        ['problem', 'setting TOKENS_VAULT_URL', 'Look at the right vaults, or correct the setting.'],
        ['warning', 'setting MINIMUM_VALIDITY_MINUTE', 'Name it MINIMUM_VALIDITY_MINUTES.'],
      ],
    );
    assert.doesNotMatch(JSON.stringify(all), /a-secret-pasted-here/);
  });

  test('takes the settings of local.settings.json, too, and is content with good ones', async () => {
    const json = JSON.stringify({ IsEncrypted: false, Values: cli.local.appSettings });
    const all = await findings('doctor --json --app-settings -', [json]);
    assert.match(told(all, 'app settings'), /^note The code can read all of them/);
  });

  for (const [name, value, finding] of [
    [
      'AzureWebJobs.refreshTokens.Disabled',
      'true',
      'problem It switches the timer off: no token is refreshed.',
    ],
    ['AzureWebJobs_refreshTokens_Disabled', '1', 'problem It switches the timer off: no token is refreshed.'],
    ['AzureWebJobs.refreshTokens.Disabled', 'false', ''],
    ['AzureWebJobs.status.Disabled', 'True', 'warning It switches the function status off.'],
    ['TZ', 'Europe/Berlin', 'problem It moves the clock of the schedule, which the app plans in UTC.'],
    ['TZ', 'Etc/UTC', ''],
    ['AZURE_CLIENT_SECRET', 'a-secret', /^warning Left over from a service principal/],
    ['AZURE_CLIENT_SECRET', ' ', ''],
    ['AZURE_TENANT_ID', 'contoso.example', /^warning Left over from a service principal/],
  ] as const) {
    test(`${finding === '' ? 'is content with' : 'tells what stops or bends the app:'} ${name} = "${value}"`, async () => {
      const Values = { ...cli.local.appSettings, [name]: value };
      const all = await findings('doctor --json --app-settings -', [JSON.stringify({ Values })]);
      const found = told(all, `setting ${name}`);
      if (typeof finding === 'string') assert.equal(found, finding);
      else assert.match(found, finding);
      assert.doesNotMatch(JSON.stringify(all), /a-secret/);
    });
  }

  for (const [receivers, finding] of [
    ['0', 'warning Nobody is told of them.'],
    ['1', ''],
  ] as const) {
    test(`says ${finding === '' ? 'nothing' : 'so'} when ${receivers} receivers are told of alerts`, async () => {
      const Values = { ...cli.local.appSettings, ALERT_RECEIVERS: receivers };
      const all = await findings('doctor --json --app-settings -', [JSON.stringify({ Values })]);
      assert.equal(told(all, 'alerts'), finding);
    });
  }

  test('says with whose sign-in it asks, in text and for tools, as every command does when it is verbose', async () => {
    const ran = await cli.run('doctor --json');
    assert.equal(ran.json()['signedInWith'], 'managed identity');
    assert.match(
      told(ran.json<{ findings: Finding[] }>().findings, 'your sign-in'),
      /^note managed identity\./,
    );
    assert.match((await cli.run('account list --verbose')).err, /Signed in with: managed identity\n$/);
  });

  test('refuses settings that are none', async () => {
    const { exitCode, err } = await cli.run('doctor --app-settings -', { input: ['[]'] });
    assert.equal(exitCode, 2);
    assert.match(err, /no list of names and values/);
  });
});
