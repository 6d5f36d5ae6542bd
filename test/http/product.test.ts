import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { product } from '../../src/http/product.ts';

test('the program calls itself what package.json says', async () => {
  const { name, version } = JSON.parse(
    await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  assert.deepEqual(product, { name, version });
});
