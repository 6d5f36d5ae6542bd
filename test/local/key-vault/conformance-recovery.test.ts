import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pagings, passTimeOnPolls, startHarness } from './harness.ts';

// The public cases of Microsoft's own suite for the client: recover, backup and restore.

const notFound = { code: 'SecretNotFound', statusCode: 404 };
const atOnce = { intervalInMs: 0 };
const abort = { name: 'AbortError' };
const oneMillisecond = { requestOptions: { timeout: 1 } };

for (const { title, pageSizes } of pagings) {
  describe(`recover, backup and restore ${title}`, () => {
    test('recovers a deleted secret with its value', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      passTimeOnPolls(harness);
      const { client } = harness;
      await client.setSecret('colour', 'green');
      await (await client.beginDeleteSecret('colour', atOnce)).pollUntilDone();
      const poller = await client.beginRecoverDeletedSecret('colour', atOnce);
      assert.equal((await poller.pollUntilDone()).name, 'colour');
      assert.equal((await client.getSecret('colour')).value, 'green');
    });

    test('does not recover a secret that was never deleted', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await assert.rejects(client.beginRecoverDeletedSecret('colour', atOnce), notFound);
    });

    test('gives up recovering after 1 ms', async (t) => {
      const { client, faults, state } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green');
      state.delete('colour');
      faults.add({ behaviour: { kind: 'hang' } });
      await assert.rejects(
        client.beginRecoverDeletedSecret('colour', { ...atOnce, ...oneMillisecond }),
        abort,
      );
    });

    test('backs a secret up', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green');
      const backup = await client.backupSecret('colour');
      assert.ok(backup instanceof Uint8Array && backup.length > 0);
    });

    test('does not back up a secret that was never set', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await assert.rejects(client.backupSecret('colour'), notFound);
    });

    test('gives up a backup after 1 ms', async (t) => {
      const { client, faults } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green');
      faults.add({ behaviour: { kind: 'hang' } });
      await assert.rejects(client.backupSecret('colour', oneMillisecond), abort);
    });

    test('restores all versions of a purged secret', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      passTimeOnPolls(harness);
      const { client, state } = harness;
      await client.setSecret('colour', 'red');
      await client.setSecret('colour', 'green');
      const versions = state.versionsOf('colour');
      const backup = (await client.backupSecret('colour')) ?? new Uint8Array();
      await (await client.beginDeleteSecret('colour', atOnce)).pollUntilDone();
      await client.purgeDeletedSecret('colour');
      await assert.rejects(client.getSecret('colour'), notFound);
      assert.equal((await client.restoreSecretBackup(backup)).name, 'colour');
      assert.equal((await client.getSecret('colour')).value, 'green');
      assert.deepEqual(state.versionsOf('colour'), versions);
    });

    test('does not restore a malformed backup', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await assert.rejects(client.restoreSecretBackup(Buffer.from('malformed')), {
        statusCode: 400,
        code: 'BadParameter',
        message: /invalid or corrupt version\.$/,
      });
    });

    test('gives up a restore after 1 ms', async (t) => {
      const { client, faults, state } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green');
      const backup = Buffer.from(state.backup('colour'), 'base64url');
      faults.add({ behaviour: { kind: 'hang' } });
      await assert.rejects(client.restoreSecretBackup(backup, oneMillisecond), abort);
    });
  });
}
