import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collect, type Harness, pagings, secret, startHarness } from './harness.ts';

// The public cases of Microsoft's own suite for the client, on the emulator: listings, plain and by page.

const colours = ['blue', 'green', 'grey', 'red', 'yellow'];

function setAll({ state }: Harness): void {
  for (const colour of colours) state.set(colour, secret(colour));
}

function setVersions({ state }: Harness): string[] {
  return colours.map((colour) => state.set('paint', secret(colour)).version).sort();
}

const names = (listed: readonly { name: string }[]): string[] => listed.map(({ name }) => name);
const pageSize = { maxPageSize: 2 };

for (const { title, pageSizes } of pagings) {
  describe(`listing ${title}`, () => {
    test('lists the properties of all secrets, without version', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      setAll(harness);
      const listed = await collect(harness.client.listPropertiesOfSecrets());
      assert.deepEqual(names(listed), colours);
      assert.ok(listed.every(({ version }) => version === undefined));
    });

    test('lists the properties of all secrets by page', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      setAll(harness);
      const pages = await collect(harness.client.listPropertiesOfSecrets().byPage(pageSize));
      assert.deepEqual(names(pages.flat()), colours);
      assert.ok(pages.length > 1);
    });

    test('lists all versions of a secret, in the order of their ids', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      const versions = setVersions(harness);
      const listed = await collect(harness.client.listPropertiesOfSecretVersions('paint'));
      assert.deepEqual(
        listed.map(({ version }) => version),
        versions,
      );
    });

    test('lists all versions of a secret by page', async (t) => {
      const harness = await startHarness(t, { pageSizes });
      const versions = setVersions(harness);
      const listing = harness.client.listPropertiesOfSecretVersions('paint');
      const pages = await collect(listing.byPage(pageSize));
      assert.deepEqual(
        pages.flat().map(({ version }) => version),
        versions,
      );
    });

    test('lists no versions of a secret that was never set', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      assert.deepEqual(await collect(client.listPropertiesOfSecretVersions('paint')), []);
    });

    test('lists no versions by page of a secret that was never set', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      const pages = await collect(client.listPropertiesOfSecretVersions('paint').byPage(pageSize));
      assert.deepEqual(pages, [[]]);
    });
  });
}
