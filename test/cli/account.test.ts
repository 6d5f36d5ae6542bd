import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { credentialEnd } from '../../src/accounts/credential-tags.ts';
import { readSummary } from '../../src/accounts/registration-summary.ts';
import { ads, crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const clientId = crm.clientId;
const scope = 'https://graph.microsoft.com/User.Read';
const good = `--tenant common --client-id ${clientId} --secret-name ${crm.secretName} --scope ${scope}`;

const cli = commandLine(({ world }) => {
  world.addAccount({ id: 'ads', client: crm, accessTokenMinutesLeft: 40, owner: 'team-ads' });
  world.addAccount({ id: 'typo', client: crm, registration: '{"tenant":"pasted-secret-value"}' });
  world.addAccount({ id: 'resting', client: crm, paused: true });
  world.addAccount({
    id: 'pair',
    client: crm,
    tokens: { graph: { scopes: [scope] }, erp: { scopes: ['https://service.contoso.com/.default'] } },
    accessTokenMinutesLeft: 40,
  });
  for (const id of ['a', 'b', 'c', 'd'])
    world.addAccount({ id: `gone-${id}`, client: ads, accessTokenMinutesLeft: 40 });
});

afterEach(() => {
  cli.world.credentialsFaults.clear();
  cli.world.tokensFaults.clear();
});

const registrations = (id: string) => cli.world.credentials.versionsOf(`account-${id}`);
const registrationOf = (id: string) => JSON.parse(registrations(id).at(-1)?.value.reveal() ?? '{}');
const isEnabled = (name: string) =>
  (cli.world.credentials.versionsOf(name).at(-1) ?? cli.world.tokens.versionsOf(name).at(-1))?.enabled;

const daysUntil = (expiresAt = 0): number =>
  Math.round((expiresAt - cli.clock.nowMilliseconds() / 1000) / 86_400);

describe('account add', () => {
  test('registers an account from options and shows its consent link', async () => {
    const { exitCode, out, err } = await cli.run(`account add emea ${good} --login-hint ads@contoso.com`);
    assert.deepEqual([exitCode, err], [0, '']);
    assert.match(out, /"emea" is registered:\n {2}\+ tenant: "common"/);
    assert.match(out, /https:\/\/refresher\.example\/api\/consent\/for\/emea\?link=\d+\.[\w.-]+/);
    assert.deepEqual(registrationOf('emea'), {
      tenant: 'common',
      clientId,
      clientAuthentication: { method: 'client_secret', secretName: crm.secretName },
      scopes: [scope],
      loginHint: 'ads@contoso.com',
    });
    assert.equal(readSummary(registrations('emea')[0]?.tags ?? {})?.clientId, clientId);
  });

  test('asks for what is missing', async () => {
    const input = ['common', clientId, crm.secretName, scope, 'ads@contoso.com'];
    const { exitCode, out, err } = await cli.run('account add asked', { terminal: true, input });
    assert.equal(exitCode, 0, err);
    assert.match(out, /"asked" is registered/);
    assert.equal(registrationOf('asked').loginHint, 'ads@contoso.com');
  });

  const several = good.replace(/ --scope .*/, '');

  test('registers several access tokens, which take the place of scopes at an update and back', async () => {
    const tokens =
      '--token graph=https://graph.microsoft.com/User.Read,https://graph.microsoft.com/Mail.Read ads=https://ads.microsoft.com/msads.manage';
    const added = await cli.run(`account add many ${several} ${tokens} --login-hint ads@contoso.com`);
    assert.deepEqual([added.exitCode, added.err], [0, '']);
    assert.deepEqual(registrationOf('many').tokens, {
      graph: { scopes: ['https://graph.microsoft.com/User.Read', 'https://graph.microsoft.com/Mail.Read'] },
      ads: { scopes: ['https://ads.microsoft.com/msads.manage'] },
    });
    assert.equal(
      (await cli.run('account update many --token erp=resource:https://service.contoso.com/')).exitCode,
      0,
    );
    assert.deepEqual(registrationOf('many').tokens, { erp: { resource: 'https://service.contoso.com/' } });
    assert.equal((await cli.run(`account update many --scope ${scope}`)).exitCode, 0);
    assert.deepEqual([registrationOf('many').tokens, registrationOf('many').scopes], [undefined, [scope]]);
  });

  for (const text of ['graph', 'graph=', '=https://graph.microsoft.com/User.Read']) {
    test(`refuses --token ${text} and writes nothing`, async () => {
      const { exitCode, err } = await cli.run(
        `account add odd ${several} --token ${text} --login-hint x@y.example`,
      );
      assert.equal(exitCode, 2);
      assert.match(err, /name=scope,scope/);
      assert.equal(registrations('odd').length, 0);
    });
  }

  test('takes the registration from standard input, and gives JSON', async () => {
    const registration = {
      tenant: 'contoso.com',
      clientId,
      clientAuthentication: { method: 'client_secret', secretName: crm.secretName },
      resource: 'https://service.contoso.com/',
    };
    const ran = await cli.run('account add piped --file - --json', {
      input: [Buffer.from(`\ufeff${JSON.stringify(registration)}`)],
    });
    assert.equal(ran.exitCode, 0);
    const told = ran.json<{ written: boolean; registration: unknown; consent: { code: string } }>();
    assert.deepEqual([told.written, told.registration], [true, registration]);
    assert.equal(told.consent.code, 'user_not_named');
  });

  for (const [form, option] of [
    ['words', ''],
    ['JSON', ' --json'],
  ] as const) {
    test(`stores the client secret from standard input without its line end, and never prints it in ${form}`, async () => {
      const name = 'client-secret-piped';
      const secret = `a~secret~value~told~in~no~${form}`;
      const changed = good.replace(crm.secretName, name);
      const line = `account add secretive-${form.toLowerCase()} ${changed} --set-credential --credential-expires 2037-05-01${option}`;
      const { exitCode, out, err } = await cli.run(line, { input: [`${secret}\n`] });
      assert.equal(exitCode, 0, err);
      const stored = cli.world.credentials.versionsOf(name).at(-1);
      assert.equal(stored?.value.reveal(), secret);
      assert.equal(credentialEnd(stored ?? { tags: {} }), Date.UTC(2037, 4, 1) / 1000);
      assert.equal(daysUntil(stored?.expiresAt), 90);
      assert.ok(!`${out}${err}`.includes(secret));
    });
  }

  test('asks for the client secret without echo', async () => {
    const line = `account add hidden ${good.replace(crm.secretName, 'client-secret-typed')} --login-hint a@b.c --set-credential`;
    const { exitCode, out, err } = await cli.run(line, {
      terminal: true,
      input: ['typed~secret~nobody~sees'],
    });
    assert.equal(exitCode, 0, err);
    assert.equal(
      cli.world.credentials.versionsOf('client-secret-typed').at(-1)?.value.reveal(),
      'typed~secret~nobody~sees',
    );
    assert.ok(!`${out}${err}`.includes('typed~secret'));
  });

  test('stores key and certificate, and notes when the certificate ends', async () => {
    const pem = await readFile(new URL('../fixtures/certificates/client.pem', import.meta.url), 'utf8');
    const line = `account add signed ${good.replace(crm.secretName, 'client-certificate')} --method certificate --algorithm RS256 --set-credential`;
    const { exitCode, err } = await cli.run(line, { input: [pem] });
    assert.equal(exitCode, 0, err);
    const stored = cli.world.credentials.versionsOf('client-certificate').at(-1);
    assert.equal(stored?.contentType, 'application/x-pem-file');
    const { validTo } = new X509Certificate(pem);
    assert.equal(credentialEnd(stored ?? { tags: {} }), Date.parse(validTo) / 1000);
    assert.equal(daysUntil(stored?.expiresAt), 90);
    assert.deepEqual(registrationOf('signed').clientAuthentication, {
      method: 'certificate',
      secretName: 'client-certificate',
      algorithm: 'RS256',
    });
  });

  test("registers a client that works with the app's identity, and has no secret to store", async () => {
    const line = `account add federated --method managed_identity --tenant common --client-id ${clientId} --scope ${scope}`;
    assert.equal((await cli.run(line)).exitCode, 0);
    assert.deepEqual(registrationOf('federated').clientAuthentication, { method: 'managed_identity' });
    const { exitCode, err } = await cli.run('account update federated --set-credential');
    assert.equal(exitCode, 2);
    assert.match(err, /needs no secret/);
  });

  test('registers a public client, which has no secret to store', async () => {
    const line = `account add public --method none --tenant common --client-id ${clientId} --scope ${scope}`;
    assert.equal((await cli.run(line)).exitCode, 0);
    assert.deepEqual(registrationOf('public').clientAuthentication, { method: 'none' });
    const { exitCode, err } = await cli.run('account update public --set-credential');
    assert.equal(exitCode, 2);
    assert.match(err, /public client needs no secret/);
  });

  test('changing the method takes nothing of the old one along', async () => {
    assert.equal((await cli.run('account update signed --method managed_identity')).exitCode, 0);
    assert.deepEqual(registrationOf('signed').clientAuthentication, { method: 'managed_identity' });
    assert.equal((await cli.run('account update federated --secret-name x')).exitCode, 2);
  });

  test('writes nothing with --dry-run', async () => {
    const { exitCode, out } = await cli.run(`account add dry ${good} --dry-run`);
    assert.equal(exitCode, 0);
    assert.match(out, /"dry" would be registered/);
    assert.equal(registrations('dry').length, 0);
  });

  const faulty: readonly (readonly [what: string, line: string, message: RegExp])[] = [
    [
      'an account that is there',
      `account add ads ${good}`,
      /There is an account "ads" already\.\n.*account update/,
    ],
    ['a bad id', `account add callback ${good}`, /reserved for a page/],
    [
      'missing fields, all together',
      'account add x',
      /tenant: must be text; clientId: .*; clientAuthentication: /,
    ],
    [
      'a host that is no token service',
      `account add x ${good} --authority https://evil.example`,
      /not a trusted host/,
    ],
    ['scopes beside a resource', `account add x ${good} --resource https://x/`, /not both/],
    [
      'an end that has passed',
      `account add x ${good} --set-credential --credential-expires 2001-01-01`,
      /no moment in the future/,
    ],
    ['a client secret with blanks', `account add x ${good} --set-credential`, /has blanks/],
    ['a file that is not there', 'account add x --file /nowhere.json', /cannot be read: ENOENT/],
    ['a file that is not JSON', 'account add x --file -', /is not JSON/],
  ];
  for (const [what, line, message] of faulty) {
    test(`refuses ${what}, and writes nothing`, async () => {
      const before = cli.world.credentials.versionsOf('account-x').length;
      const { exitCode, out, err } = await cli.run(line, { input: [' spaced secret '] });
      assert.deepEqual([exitCode, out], [2, '']);
      assert.match(err, message);
      assert.equal(cli.world.credentials.versionsOf('account-x').length, before);
    });
  }

  test('knows no option that takes a secret', async () => {
    const { exitCode, err } = await cli.run(`account add x ${good} --client-secret hunter2hunter2`);
    assert.equal(exitCode, 2);
    assert.match(err, /Unknown argument/);
    assert.doesNotMatch(err, /hunter2/);
  });
});

describe('account show and list', () => {
  test('show gives registration, state and ages, and no token', async () => {
    const { exitCode, out } = await cli.run('account show ads');
    assert.equal(exitCode, 0);
    assert.match(out, /^ads: healthy\n/);
    assert.match(out, /registration:\n {2}tenant: /);
    assert.match(out, /refresh token:\n {2}enabled: true\n {2}generation: 0\n {2}source: consent/);
  });

  test('show gives JSON', async () => {
    const told = (await cli.run('account show ads --json')).json<{
      state: string;
      registration: { owner: string };
      refreshToken: { generation: number };
    }>();
    assert.deepEqual(
      [told.state, told.registration.owner, told.refreshToken.generation],
      ['healthy', 'team-ads', 0],
    );
  });

  test('show tells what is wrong with a registration, and never what stands in it', async () => {
    const { exitCode, out } = await cli.run('account show typo');
    assert.equal(exitCode, 1);
    assert.match(out, /registration: tenant: must be a tenant id/);
    assert.doesNotMatch(out, /pasted-secret-value/);
  });

  test('show refuses an account that is not there', async () => {
    assert.equal((await cli.run('account show nobody')).exitCode, 2);
  });

  test('list has every account, in both forms', async () => {
    const { exitCode, out } = await cli.run('account list');
    assert.equal(exitCode, 0);
    assert.match(out, /^ads +healthy +11111111/m);
    const told = (await cli.run('account list --json')).json<{ account: string; owner?: string }[]>();
    assert.equal(told.find(({ account }) => account === 'ads')?.owner, 'team-ads');
  });
});

test('what a terminal would obey in a tag is not shown, and colours are', async () => {
  const { credentials } = cli.world;
  const { version, tags } = credentials.get('account-ads');
  credentials.update('account-ads', version, {
    tags: { ...tags, 'refresher-owner': '\u001b]0;title\u0007\u001b[2Jteam-ads' },
  });
  for (const terminal of [false, true]) {
    const { out } = await cli.run('account list --wide', { terminal });
    assert.match(out, /team-ads/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(out, /\u0007|\u001b\[2J|\u001b\]/);
    assert.equal((await cli.run('status', { terminal })).out.includes('\u001b[32m'), terminal);
  }
  credentials.update('account-ads', version, { tags });
});

describe('account update', () => {
  test('changes one field, shows the difference, and keeps what others tagged', async () => {
    const before = registrations('ads').length;
    const { exitCode, out } = await cli.run('account update ads --owner team-new');
    assert.equal(exitCode, 0);
    assert.equal(out, '"ads": changed\n  - owner: "team-ads"\n  + owner: "team-new"\n');
    assert.equal(registrations('ads').length, before + 1);
  });

  test('takes a field out, changes the endpoint, and gives JSON', async () => {
    const line = [
      'account',
      'update',
      'ads',
      '--unset',
      'owner',
      '--resource',
      'https://service.contoso.com/',
      '--json',
    ];
    const { changes } = (await cli.run(line)).json<{ changes: { field: string }[] }>();
    assert.deepEqual(changes.map(({ field }) => field).sort(), ['owner', 'resource', 'scopes']);
  });

  test('writes nothing when nothing changes, and nothing with --dry-run', async () => {
    const before = registrations('ads').length;
    assert.match(
      (await cli.run('account update ads --resource https://service.contoso.com/')).out,
      /nothing changes/,
    );
    assert.match((await cli.run('account update ads --owner x --dry-run')).out, /would change/);
    assert.equal(registrations('ads').length, before);
  });

  test("renews the client's secret alone", async () => {
    const before = registrations('ads').length;
    const { exitCode, out } = await cli.run('account update ads --set-credential', {
      input: ['renewed~secret~value'],
    });
    assert.equal(exitCode, 0);
    assert.match(out, /"client-secret-crm" has a new version/);
    assert.equal(
      cli.world.credentials.versionsOf(crm.secretName).at(-1)?.value.reveal(),
      'renewed~secret~value',
    );
    assert.equal(registrations('ads').length, before);
  });

  test('replaces a faulty registration by a file', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'cli-'));
    t.after(() => rm(directory, { recursive: true }));
    const file = join(directory, 'typo.json');
    // As Windows PowerShell writes it.
    await writeFile(file, `\ufeff${JSON.stringify(registrationOf('emea'))}`, 'utf16le');
    assert.equal((await cli.run('account update typo --owner x')).exitCode, 2);
    const { exitCode, out } = await cli.run(`account update typo --file ${file}`);
    assert.equal(exitCode, 0, out);
    assert.equal(registrationOf('typo').tenant, 'common');
  });

  for (const [what, line, code, message] of [
    [
      'a paused account, whose registration nobody can read',
      'account update resting --owner x',
      1,
      /Enable it first: account resume resting/,
    ],
    ['an account that is not there', 'account update nobody --owner x', 2, /There is no account "nobody"/],
    ['a field that is not there', 'account update emea --unset owner', 2, /has no "owner"/],
    ['a change that no sweep could use', 'account update emea --unset tenant', 2, /tenant: must be text/],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const { exitCode, err } = await cli.run(line);
      assert.equal(exitCode, code);
      assert.match(err, message);
    });
  }
});

describe('account pause and resume', () => {
  test('pause disables the registration, once', async () => {
    assert.match((await cli.run('account pause emea')).out, /"emea" is paused/);
    assert.equal(isEnabled('account-emea'), false);
    const again = await cli.run('account pause emea --json');
    assert.deepEqual([again.exitCode, again.json()['changed']], [0, false]);
  });

  test('resume enables it again, and adds no version', async () => {
    const { exitCode, out } = await cli.run('account resume emea');
    assert.deepEqual([exitCode, out], [0, '"emea" is resumed. Enabled: account-emea.\n']);
    assert.equal(registrations('emea').length, 1);
    assert.match((await cli.run('account resume emea')).out, /was not paused/);
  });

  test('neither knows an account that is not there, and a right that is missing is told', async () => {
    assert.equal((await cli.run('account pause nobody')).exitCode, 2);
    assert.equal((await cli.run('account resume nobody')).exitCode, 2);
    cli.world.credentialsFaults.denied.add('update');
    const { exitCode, err } = await cli.run('account pause ads');
    assert.equal(exitCode, 3);
    assert.match(err, /secrets\/update\/action/);
  });
});

describe('an account with two access tokens', () => {
  const both = ['access-token-pair-graph', 'access-token-pair-erp'];

  test('is shown with both', async () => {
    const { out } = await cli.run('account show pair');
    for (const name of both) assert.match(out, new RegExp(`secret: ${name}`));
    const shown = (await cli.run('account show pair --json')).json<{ accessTokens: { secret: string }[] }>();
    assert.deepEqual(shown.accessTokens.map(({ secret }) => secret).sort(), [...both].sort());
  });

  test('is planned by the one that ends first', async () => {
    const plan = (await cli.run('plan --json')).json<{
      due: { account: string; accessTokenExpiresAt: string }[];
    }>();
    const ends = both.map((name) => (cli.world.tokens.versionsOf(name).at(-1)?.expiresAt ?? 0) * 1000);
    const planned = plan.due.find(({ account }) => account === 'pair');
    assert.equal(Date.parse(planned?.accessTokenExpiresAt ?? ''), Math.min(...ends));
  });

  test('loses both when it is removed', async () => {
    const { exitCode, err } = await cli.run('account remove pair --yes');
    assert.equal(exitCode, 0);
    for (const name of both) {
      assert.match(err, new RegExp(`${name}: the access token, valid until`));
      assert.equal(isEnabled(name), false);
    }
  });
});

describe('account remove', () => {
  test('names what goes, disables all three secrets, and can be taken back', async () => {
    const { exitCode, out, err } = await cli.run('account remove gone-a --yes');
    assert.equal(exitCode, 0);
    assert.match(err, /refresh-token-gone-a: the consent of user .*without it the user must consent again/);
    assert.match(out, /Take it back with: account resume gone-a/);
    for (const name of ['account-gone-a', 'refresh-token-gone-a', 'access-token-gone-a'])
      assert.equal(isEnabled(name), false, name);
    const back = (await cli.run('account resume gone-a --json')).json<{ enabled: string[] }>();
    assert.deepEqual(back.enabled, ['refresh-token-gone-a', 'account-gone-a']);
    assert.equal((await cli.run('refresh gone-a')).exitCode, 0, 'and is refreshed again');
  });

  test('deletes with --delete after disabling, with the right of the one who asks', async () => {
    const order: string[] = [];
    const note = (state: string) => ({
      after: ({ name = '', operation = '' }) => void order.push(`${state} ${operation} ${name}`),
    });
    cli.world.credentialsFaults.add({ operation: ['update', 'delete'], ...note('credentials') });
    cli.world.tokensFaults.add({ operation: ['update', 'delete'], ...note('tokens') });
    const ran = await cli.run('account remove gone-b --delete --yes --json');
    assert.equal(ran.exitCode, 0, ran.err);
    assert.deepEqual(order, [
      'credentials update account-gone-b',
      'credentials update refresh-token-gone-b',
      'tokens update access-token-gone-b',
      'credentials delete account-gone-b',
      'credentials delete refresh-token-gone-b',
      'tokens delete access-token-gone-b',
    ]);
    assert.equal(cli.world.credentials.versionsOf('account-gone-b').length, 0);
  });

  test('leaves an account disabled when the right to delete is missing, and names the right', async () => {
    cli.world.credentialsFaults.denied.add('delete');
    const { exitCode, err } = await cli.run('account remove gone-c --delete --yes');
    assert.equal(exitCode, 3);
    assert.match(err, /lacks the right Microsoft\.KeyVault\/vaults\/secrets\/delete/);
    assert.equal(isEnabled('account-gone-c'), false);
  });

  test('asks, and does nothing on no; without a terminal it wants --yes', async () => {
    const refused = await cli.run('account remove gone-d', { terminal: true, input: ['n'] });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.out, /Nothing was done/);
    const unasked = await cli.run('account remove gone-d');
    assert.equal(unasked.exitCode, 2);
    assert.match(unasked.err, /Give --yes to confirm/);
    assert.equal(isEnabled('account-gone-d'), true);
    assert.equal((await cli.run('account remove gone-d', { terminal: true, input: ['y'] })).exitCode, 0);
    assert.equal(isEnabled('account-gone-d'), false);
  });
});
