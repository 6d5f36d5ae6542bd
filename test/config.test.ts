import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type Config, settingNames } from '../src/config.ts';
import { faultsOf, leastSettings as least, parseSettings as parse } from './settings.ts';

test('with the vaults alone, everything else has its default', () => {
  const { schedule, ...config } = parse({});
  assert.equal(schedule.expression, '0 */30 * * * *');
  assert.deepEqual(config, {
    credentialsVaultUrl: 'https://credentials.vault.azure.net',
    tokensVaultUrl: 'https://tokens.vault.azure.net',
    minimumValidityMinutes: 10,
    sweepConcurrency: 32,
    vaultWritesPerSecond: 29,
    secretExpiryDays: 90,
    additionalAuthorityHosts: [],
    allowLoopback: false,
    inAzure: false,
    functionTimeoutSeconds: 1800,
    applicationInsightsEntraAuthentication: false,
  });
});

test('an empty setting, or one of blanks, counts as absent', () => {
  for (const empty of ['', ' ', '\t\n']) {
    const optional = settingNames.filter((name) => !(name in least));
    assert.deepEqual(
      inspect(parse(Object.fromEntries(optional.map((name) => [name, empty])))),
      inspect(parse({})),
    );
    assert.match(faultsOf({ TOKENS_VAULT_URL: empty })[0]?.message ?? '', /^is missing/);
  }
});

describe('a setting is read', () => {
  const good: ReadonlyArray<readonly [setting: string, text: string, part: Partial<Config>]> = [
    [
      'CREDENTIALS_VAULT_URL',
      'https://V1.vault.azure.net/',
      { credentialsVaultUrl: 'https://v1.vault.azure.net' },
    ],
    [
      'CREDENTIALS_VAULT_URL',
      ' https://v1.vault.azure.cn\n',
      { credentialsVaultUrl: 'https://v1.vault.azure.cn' },
    ],
    ['TOKENS_VAULT_URL', least.CREDENTIALS_VAULT_URL, { tokensVaultUrl: least.CREDENTIALS_VAULT_URL }],
    ['MINIMUM_VALIDITY_MINUTES', '1', { minimumValidityMinutes: 1 }],
    ['MINIMUM_VALIDITY_MINUTES', '1440', { minimumValidityMinutes: 1440 }],
    ['SWEEP_CONCURRENCY', '1', { sweepConcurrency: 1 }],
    ['SWEEP_CONCURRENCY', '256', { sweepConcurrency: 256 }],
    ['VAULT_WRITES_PER_SECOND', '1', { vaultWritesPerSecond: 1 }],
    ['VAULT_WRITES_PER_SECOND', '29', { vaultWritesPerSecond: 29 }],
    ['SECRET_EXPIRY_DAYS', '2', { secretExpiryDays: 2 }],
    ['SECRET_EXPIRY_DAYS', '3650', { secretExpiryDays: 3650 }],
    ['ADDITIONAL_AUTHORITY_HOSTS', 'sts.example', { additionalAuthorityHosts: ['sts.example'] }],
    [
      'ADDITIONAL_AUTHORITY_HOSTS',
      ' sts.example:8443 ,, b.example,',
      { additionalAuthorityHosts: ['sts.example:8443', 'b.example'] },
    ],
    ['ALLOW_LOOPBACK', 'true', { allowLoopback: true }],
    ['ALLOW_LOOPBACK', 'false', { allowLoopback: false }],
    [
      'APPLICATIONINSIGHTS_CONNECTION_STRING',
      'InstrumentationKey=k;IngestionEndpoint=https://a.b/',
      { applicationInsightsConnectionString: 'InstrumentationKey=k;IngestionEndpoint=https://a.b/' },
    ],
    [
      'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
      'Authorization=AAD;ClientId=c',
      { applicationInsightsEntraAuthentication: true },
    ],
    [
      'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
      'ClientId=c',
      { applicationInsightsEntraAuthentication: false },
    ],
    ['AZURE_CLIENT_ID', 'c', { managedIdentityClientId: 'c' }],
  ];
  for (const [setting, text, part] of good) {
    test(`${setting}: "${text.trim()}"`, () => {
      const { schedule: _, ...config } = parse({ [setting]: text });
      const { schedule: __, ...expected } = parse({});
      assert.deepEqual(config, { ...expected, ...part });
    });
  }

  test('REFRESH_SCHEDULE: "0 0,10,45 * * * *"', () => {
    const { schedule } = parse({ REFRESH_SCHEDULE: '0 0,10,45 * * * *' });
    assert.equal(schedule.nextTickAfter(600), 2700);
  });
});

describe('the app in Azure is told', () => {
  const rows: ReadonlyArray<readonly [sentence: string, settings: Record<string, string>, inAzure: boolean]> =
    [
      ['by an instance', { WEBSITE_INSTANCE_ID: 'i' }, true],
      ['by a plan', { WEBSITE_SKU: 'FlexConsumption' }, true],
      ['by an identity of its own', { IDENTITY_ENDPOINT: 'http://localhost:1', IDENTITY_HEADER: 'h' }, true],
      // Azure Arc sets it for a whole machine (MSAL for Node, AzureArc.ts); there an operator signs in.
      ['but not by an identity of the machine', { IDENTITY_ENDPOINT: 'http://localhost:40342' }, false],
      ['and not by a host name, which local tools set, too', { WEBSITE_HOSTNAME: 'localhost:7071' }, false],
    ];
  for (const [sentence, settings, inAzure] of rows) {
    test(sentence, () => assert.equal(parse(settings).inAzure, inAzure));
  }
});

describe('a setting is refused, alone and with its name', () => {
  const bad: ReadonlyArray<readonly [setting: string, text: string | undefined, message: RegExp]> = [
    ['CREDENTIALS_VAULT_URL', undefined, /^is missing: the vault's URL, like https:/],
    ['TOKENS_VAULT_URL', undefined, /^is missing: the vault's URL, like https:/],
    ...['my-vault', 'https://a.b/secrets'].map(
      (text) => ['TOKENS_VAULT_URL', text, /^must be the vault's URL without a path, like https:/] as const,
    ),
    ['TOKENS_VAULT_URL', 'http://tokens.vault.azure.net', /^must use https$/],
    ['TOKENS_VAULT_URL', 'http://127.0.0.1:4711', /^must use https$/],
    ...['https://127.0.0.1:4711', 'https://[::1]:4711', 'https://localhost'].map(
      (text) => ['CREDENTIALS_VAULT_URL', text, /^is a loopback address, .* \(ALLOW_LOOPBACK\)$/] as const,
    ),
    ['REFRESH_SCHEDULE', '*/30 * * * *', /^is not an NCRONTAB .*, like 0 \*\/30 \* \* \* \*$/],
    ['REFRESH_SCHEDULE', '0 */90 * * * *', /^has a value, range or step .*, like 0/],
    ['REFRESH_SCHEDULE', '0 0 0 30 2 *', /^never comes due, like 0/],
    ['REFRESH_SCHEDULE', '0 */4 * * * *', /^has ticks closer than 5 minutes/],
    ...['0', '1441', '-1', '10.5', 'ten', '1e3', '0x10', '1234567'].map(
      (text) => ['MINIMUM_VALIDITY_MINUTES', text, /^must be a whole number from 1 to 1440$/] as const,
    ),
    ...['0', '257'].map(
      (text) => ['SWEEP_CONCURRENCY', text, /^must be a whole number from 1 to 256$/] as const,
    ),
    ...['0', '30'].map(
      (text) => ['VAULT_WRITES_PER_SECOND', text, /^must be a whole number from 1 to 29$/] as const,
    ),
    ...['1', '3651', 'never'].map(
      (text) => ['SECRET_EXPIRY_DAYS', text, /^must be a whole number from 2 to 3650$/] as const,
    ),
    ...['https://sts.example', 'a.b/c', 'a b', '*.a.b', 'a.b:', 'a.b:123456', 'a.b,https://c,https://d'].map(
      (text) => ['ADDITIONAL_AUTHORITY_HOSTS', text, /^must be host names separated by commas/] as const,
    ),
    ...['yes', 'TRUE', '1'].map((text) => ['ALLOW_LOOPBACK', text, /^must be true or false$/] as const),
    ...['10.0.0.1:3128', 'proxy.corp:3128', 'proxy', 'http://', 'ftp://p:1', 'http://u:p%zz@p:1'].flatMap(
      (text) =>
        ['HTTPS_PROXY', 'https_proxy'].map(
          (name) => [name, text, /^must be the proxy's URL, like http:\/\/proxy.example:3128$/] as const,
        ),
    ),
    ['APPLICATIONINSIGHTS_CONNECTION_STRING', 'a-bare-key', /^must hold InstrumentationKey=/],
    ...['W. Europe Standard Time', 'Europe/Berlin', 'UTC+1', 'GMT'].map(
      (text) => ['WEBSITE_TIME_ZONE', text, /^is not supported: REFRESH_SCHEDULE is in UTC/] as const,
    ),
  ];
  for (const [setting, text, message] of bad) {
    test(`${setting}: ${text === undefined ? 'none' : `"${text}"`}`, () => {
      const [fault, ...others] = faultsOf({ [setting]: text });
      assert.equal(fault?.setting, setting);
      assert.match(fault?.message ?? '', message);
      assert.deepEqual(others, []);
    });
  }

  const proxies = ['', 'http://10.0.0.1:3128', ' https://user:p%20w@proxy.example ', 'socks5://[::1]:1080'];
  for (const [what, setting, texts] of [
    ['a proxy that can be used', 'HTTPS_PROXY', proxies],
    ['a time zone that changes nothing', 'WEBSITE_TIME_ZONE', ['UTC', 'utc', 'Etc/UTC']],
    ['ticks of just 5 minutes', 'REFRESH_SCHEDULE', ['0 */5 * * * *', '0 0,55 * * * *']],
  ] as const) {
    for (const text of texts)
      test(`but not for ${what}: "${text}"`, () => assert.deepEqual(faultsOf({ [setting]: text }), []));
  }

  for (const url of ['https://127.0.0.1:4711', 'https://[::1]:4711', 'https://localhost']) {
    test(`but not for ${url} in the local environment`, () => {
      assert.equal(parse({ ALLOW_LOOPBACK: 'true', TOKENS_VAULT_URL: url }).tokensVaultUrl, url);
    });
  }

  for (const url of ['http://127.0.0.1:4711', 'http://tokens.vault.azure.net']) {
    test(`and ${url}, without TLS, in the local environment too`, () => {
      const settings = { ALLOW_LOOPBACK: 'true', TOKENS_VAULT_URL: url };
      assert.deepEqual(faultsOf(settings), [{ setting: 'TOKENS_VAULT_URL', message: 'must use https' }]);
    });
  }
});

test('all faults are told together, between settings and in them, in one sentence', () => {
  const settings = {
    CREDENTIALS_VAULT_URL: undefined,
    TOKENS_VAULT_URL: 'http://tokens.vault.azure.net',
    REFRESH_SCHEDULE: '0 * * * * *',
    SWEEP_CONCURRENCY: '0',
    AzureFunctionsJobHost__functionTimeout: '00:01:00',
  };
  const faults = faultsOf(settings);
  assert.deepEqual(faults.map(({ setting }) => setting).sort(), Object.keys(settings).sort());
  assert.throws(
    () => parse(settings),
    (error: Error) => faults.every(({ message }) => error.message.includes(message)),
  );
});

test('whatever the settings, they are read or refused with their names, and no value is quoted', () => {
  const canaries = fc.stringMatching(/^[A-Za-z0-9]{6}~§[A-Za-z0-9_.~-]{6,20}$/);
  const values = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.integer().map(String), canaries);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...settingNames), values), canaries, (settings, canary) => {
      const wrong = { MINIMUM_VALIDITY_MINUTES: canary, TOKENS_VAULT_URL: canary, REFRESH_SCHEDULE: canary };
      const faults = faultsOf({ ...settings, ...wrong });
      assert.ok(faults.length >= 3);
      for (const { setting, message } of faults) {
        assert.ok((settingNames as readonly string[]).includes(setting) && message.length > 0);
        for (const secret of [canary, ...Object.values(settings)].filter((text) => text.includes('~§'))) {
          assert.ok(!message.includes(secret));
        }
      }
    }),
    { numRuns: 500 },
  );
});
