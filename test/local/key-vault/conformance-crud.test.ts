import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Harness, pagings, passTimeOnPolls, startHarness } from './harness.ts';

// The public cases of Microsoft's own suite for the client, on the emulator: create, read, update, delete.

const inTheYear2030 = new Date('2030-06-01T00:00:00Z');
const notFound = { code: 'SecretNotFound', statusCode: 404 };

async function hang(harness: Harness): Promise<void> {
  harness.faults.add({ behaviour: { kind: 'hang' } });
}

for (const { title, pageSizes } of pagings) {
  describe(`CRUD ${title}`, () => {
    test('adds a secret', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      const added = await client.setSecret('colour', 'green');
      assert.equal(added.name, 'colour');
      assert.equal(added.value, 'green');
      assert.match(added.properties.version ?? '', /^[0-9a-f]{32}$/);
    });

    test('does not add a secret when aborted beforehand', async (t) => {
      const { client, state } = await startHarness(t, { pageSizes });
      const adding = client.setSecret('colour', 'green', { abortSignal: AbortSignal.abort() });
      await assert.rejects(adding, { name: 'AbortError' });
      assert.deepEqual(state.versionsOf('colour'), []);
    });

    test('gives up adding, updating, reading and deleting after 1 ms', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      const { client } = harness;
      await client.setSecret('colour', 'green');
      await hang(harness);
      const options = { requestOptions: { timeout: 1 } };
      const abort = { name: 'AbortError' };
      await assert.rejects(client.setSecret('colour', 'red', options), abort);
      await assert.rejects(client.updateSecretProperties('colour', '', options), abort);
      await assert.rejects(client.getSecret('colour', options), abort);
      await assert.rejects(client.beginDeleteSecret('colour', options), abort);
    });

    test('refuses an empty name', async (t) => {
      const { client, state } = await startHarness(t, { pageSizes });
      await assert.rejects(client.setSecret('', 'green'));
      assert.equal(state.snapshot().active.size, 0);
    });

    test('accepts an empty value', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      assert.equal((await client.setSecret('colour', '')).value, '');
      assert.equal((await client.getSecret('colour')).value, '');
    });

    test('keeps the attributes a secret is set with', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      const given = { expiresOn: inTheYear2030, notBefore: new Date('2020-01-01T00:00:00Z'), enabled: true };
      await client.setSecret('colour', 'green', { ...given, contentType: 'text/plain', tags: { a: '1' } });
      const { properties } = await client.getSecret('colour');
      assert.deepEqual(properties.expiresOn, given.expiresOn);
      assert.deepEqual(properties.notBefore, given.notBefore);
      assert.deepEqual(properties.tags, { a: '1' });
      assert.equal(properties.contentType, 'text/plain');
    });

    test('updates the newest version when none is named', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'red');
      await client.setSecret('colour', 'green');
      await client.updateSecretProperties('colour', '', { expiresOn: inTheYear2030 });
      const { value, properties } = await client.getSecret('colour');
      assert.equal(value, 'green');
      assert.deepEqual(properties.expiresOn, inTheYear2030);
    });

    test('updates a disabled secret', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green', { enabled: false });
      const properties = await client.updateSecretProperties('colour', '', { expiresOn: inTheYear2030 });
      assert.deepEqual(properties.expiresOn, inTheYear2030);
      assert.equal(properties.enabled, false);
    });

    test('reads a secret by name', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green');
      const { name, value } = await client.getSecret('colour');
      assert.deepEqual({ name, value }, { name: 'colour', value: 'green' });
    });

    test('does not read a disabled secret', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green', { enabled: false });
      const disabled = { statusCode: 403, code: 'Forbidden', message: /not allowed on a disabled secret/ };
      await assert.rejects(client.getSecret('colour'), disabled);
    });

    test('reads the newest version, and an older one by its id', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      const first = await client.setSecret('colour', 'red');
      await client.setSecret('colour', 'green');
      assert.equal((await client.getSecret('colour')).value, 'green');
      const { version } = first.properties;
      assert.ok(version);
      assert.equal((await client.getSecret('colour', { version })).value, 'red');
    });

    test('does not find a secret that was never set', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await assert.rejects(client.getSecret('colour'), notFound);
    });

    test('deletes a secret, at once for readers', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      const { client } = harness;
      passTimeOnPolls(harness);
      await client.setSecret('colour', 'green');
      const poller = await client.beginDeleteSecret('colour', { intervalInMs: 0 });
      for (const deleted of [poller.getResult(), await poller.pollUntilDone()]) {
        assert.match(deleted?.recoveryId ?? '', /\/deletedsecrets\/colour$/);
        assert.ok(deleted?.deletedOn instanceof Date);
        assert.ok(deleted.scheduledPurgeDate instanceof Date);
        assert.deepEqual(deleted.properties.deletedOn, deleted.deletedOn);
      }
      await assert.rejects(client.getSecret('colour'), notFound);
    });

    test('does not delete a secret that was never set', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await assert.rejects(client.beginDeleteSecret('colour', { intervalInMs: 0 }), notFound);
    });

    test('shows a deleted secret', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      const { client } = harness;
      passTimeOnPolls(harness);
      await client.setSecret('colour', 'green');
      const poller = await client.beginDeleteSecret('colour', { intervalInMs: 0 });
      await poller.pollUntilDone();
      const deleted = await client.getDeletedSecret('colour');
      assert.equal(deleted.name, 'colour');
      assert.equal(deleted.value, undefined);
    });

    test('does not show a deleted secret that was never set', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await assert.rejects(client.getDeletedSecret('colour'), notFound);
    });
  });
}
