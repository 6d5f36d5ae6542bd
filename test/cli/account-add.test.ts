import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { credentialEnd } from '../../src/accounts/credential-tags.ts';
import { readSummary } from '../../src/accounts/registration-summary.ts';
import { crm } from '../support/world.ts';
import { commandLine } from './run.ts';

const clientId = crm.clientId;
const scope = 'https://graph.microsoft.com/User.Read';
const good = `--tenant common --client-id ${clientId} --secret-name ${crm.secretName} --scope ${scope}`;

const cli = commandLine(({ world }) => void world.addAccount({ id: 'ads', client: crm }));

const daysUntil = (expiresAt = 0): number =>
  Math.round((expiresAt - cli.clock.nowMilliseconds() / 1000) / 86_400);

describe('account add', () => {
  test('registers an account from options and shows its consent link', async () => {
    const { exitCode, out, err } = await cli.run(`account add emea ${good} --login-hint ads@contoso.com`);
    assert.deepEqual([exitCode, err], [0, '']);
    assert.match(out, /"emea" is registered:\n {2}\+ tenant: "common"/);
    assert.match(out, /https:\/\/refresher\.example\/api\/consent\/for\/emea\?link=\d+\.[\w.-]+/);
    assert.deepEqual(cli.registrationOf('emea'), {
      tenant: 'common',
      clientId,
      clientAuthentication: { method: 'client_secret', secretName: crm.secretName },
      scopes: [scope],
      loginHint: 'ads@contoso.com',
    });
    assert.equal(readSummary(cli.registrations('emea')[0]?.tags ?? {})?.clientId, clientId);
  });

  test('asks for what is missing', async () => {
    const input = ['common', clientId, crm.secretName, scope, 'ads@contoso.com'];
    const { exitCode, out, err } = await cli.run('account add asked', { terminal: true, input });
    assert.equal(exitCode, 0, err);
    assert.match(out, /"asked" is registered/);
    assert.equal(cli.registrationOf('asked').loginHint, 'ads@contoso.com');
  });

  const several = good.replace(/ --scope .*/, '');

  test('registers several access tokens, which take the place of scopes at an update and back', async () => {
    const tokens =
      '--token graph=https://graph.microsoft.com/User.Read,https://graph.microsoft.com/Mail.Read ads=https://ads.microsoft.com/msads.manage';
    const added = await cli.run(`account add many ${several} ${tokens} --login-hint ads@contoso.com`);
    assert.deepEqual([added.exitCode, added.err], [0, '']);
    assert.deepEqual(cli.registrationOf('many').tokens, {
      graph: { scopes: ['https://graph.microsoft.com/User.Read', 'https://graph.microsoft.com/Mail.Read'] },
      ads: { scopes: ['https://ads.microsoft.com/msads.manage'] },
    });
    assert.equal(
      (await cli.run('account update many --token erp=resource:https://service.contoso.com/')).exitCode,
      0,
    );
    assert.deepEqual(cli.registrationOf('many').tokens, {
      erp: { resource: 'https://service.contoso.com/' },
    });
    assert.equal((await cli.run(`account update many --scope ${scope}`)).exitCode, 0);
    assert.deepEqual(
      [cli.registrationOf('many').tokens, cli.registrationOf('many').scopes],
      [undefined, [scope]],
    );
  });

  for (const text of ['graph', 'graph=', '=https://graph.microsoft.com/User.Read']) {
    test(`refuses --token ${text} and writes nothing`, async () => {
      const { exitCode, err } = await cli.run(
        `account add odd ${several} --token ${text} --login-hint x@y.example`,
      );
      assert.equal(exitCode, 2);
      assert.match(err, /name=scope,scope/);
      assert.equal(cli.registrations('odd').length, 0);
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
    assert.deepEqual(cli.registrationOf('signed').clientAuthentication, {
      method: 'certificate',
      secretName: 'client-certificate',
      algorithm: 'RS256',
    });
  });

  for (const [id, method, words] of [
    ['federated', 'managed_identity', /needs no secret/],
    ['public', 'none', /public client needs no secret/],
  ] as const) {
    test(`registers a client that proves itself by ${method}, and has no secret to store`, async () => {
      const line = `account add ${id} --method ${method} --tenant common --client-id ${clientId} --scope ${scope}`;
      assert.equal((await cli.run(line)).exitCode, 0);
      assert.deepEqual(cli.registrationOf(id).clientAuthentication, { method });
      const { exitCode, err } = await cli.run(`account update ${id} --set-credential`);
      assert.equal(exitCode, 2);
      assert.match(err, words);
    });
  }

  test('changing the method takes nothing of the old one along', async () => {
    assert.equal((await cli.run('account update signed --method managed_identity')).exitCode, 0);
    assert.deepEqual(cli.registrationOf('signed').clientAuthentication, { method: 'managed_identity' });
    assert.equal((await cli.run('account update federated --secret-name x')).exitCode, 2);
  });

  test('writes nothing with --dry-run', async () => {
    const { exitCode, out } = await cli.run(`account add dry ${good} --dry-run`);
    assert.equal(exitCode, 0);
    assert.match(out, /"dry" would be registered/);
    assert.equal(cli.registrations('dry').length, 0);
  });

  const faulty: readonly (readonly [what: string, line: string, message: RegExp])[] = [
    [
      'an account that is there',
      `account add ads ${good}`,
      /There is an account "ads" already\.\n.*account update/,
    ],
    ['a bad id', `account add callback ${good}`, /reserved for a page/],
    [
      'a host that is no token service',
      `account add x ${good} --authority https://evil.example`,
      /not a trusted host/,
    ],
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
