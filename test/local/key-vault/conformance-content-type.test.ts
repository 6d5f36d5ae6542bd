import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KnownContentType } from '@azure/keyvault-secrets';
import { pagings, startHarness } from './harness.ts';

// The public cases of Microsoft's own suite for the client: what came with API version 2025-07-01.

for (const { title, pageSizes } of pagings) {
  describe(`outContentType and previousVersion ${title}`, () => {
    test('outContentType is sent and accepted', async (t) => {
      const { client, received } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green');
      const { value } = await client.getSecret('colour', { outContentType: KnownContentType.PEM });
      assert.equal(value, 'green');
      assert.equal(received.at(-1)?.url.searchParams.get('outContentType'), KnownContentType.PEM);
    });

    test('PEM may be asked for a secret whose content type is PFX', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'green', { contentType: KnownContentType.PFX });
      const { value } = await client.getSecret('colour', { outContentType: KnownContentType.PEM });
      assert.equal(value, 'green');
    });

    test('previousVersion is undefined for a secret that backs no certificate', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      await client.setSecret('colour', 'red');
      await client.setSecret('colour', 'green');
      assert.equal((await client.getSecret('colour')).properties.previousVersion, undefined);
    });

    test('version and outContentType go together', async (t) => {
      const { client } = await startHarness(t, { pageSizes });
      const { properties } = await client.setSecret('colour', 'red');
      await client.setSecret('colour', 'green');
      const options = { version: properties.version ?? '', outContentType: KnownContentType.PFX };
      assert.equal((await client.getSecret('colour', options)).value, 'red');
    });
  });
}
