import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { createEnvironment, readConfig } from '../../src/app/environment.ts';
import type { WritePacer } from '../../src/vault/write-pacer.ts';

const one = 'https://one.vault.azure.net';
const other = 'https://other.vault.azure.net';

function environmentOf(tokensVaultUrl: string, clock = new VirtualClock(0)) {
  const settings = { CREDENTIALS_VAULT_URL: one, TOKENS_VAULT_URL: tokensVaultUrl };
  return { clock, environment: createEnvironment(readConfig(settings), () => {}, clock) };
}

/** How many permits are given although none of them is used. */
async function permitsAtOnce(clock: VirtualClock, pacer: WritePacer, wanted: number): Promise<number> {
  let given = 0;
  for (let count = 0; count < wanted; count++)
    void pacer.take().then(() => {
      given += 1;
    });
  await clock.run(clock.sleep(20_000));
  return given;
}

describe('the pace of secret writes in one process', () => {
  for (const [what, wanted, given] of [
    ['8 of 8', 8, 8],
    ['8 of 9', 9, 8],
  ] as const) {
    test(`is ${what} for each vault beside the sweeps`, async () => {
      const { clock, environment } = environmentOf(other);
      for (const { pacer } of [environment.credentials, environment.tokens])
        assert.equal(await permitsAtOnce(clock, pacer, wanted), given);
    });
  }

  for (const [what, wanted, given] of [
    ['290 of 290', 290, 290],
    ['290 of 291', 291, 290],
  ] as const) {
    test(`is ${what} for each vault in a sweep of all accounts, whatever is written beside it`, async () => {
      const { clock, environment } = environmentOf(other);
      await permitsAtOnce(clock, environment.credentials.pacer, 9);
      const { credentials, tokens } = environment.vaults.sweep;
      for (const { pacer } of [credentials, tokens])
        assert.equal(await permitsAtOnce(clock, pacer, wanted), given);
    });
  }

  test('goes to the same clients, and one vault for both roles has one pace', () => {
    const { environment: two } = environmentOf(other);
    assert.equal(two.credentials.vault, two.vaults.sweep.credentials.vault);
    assert.equal(two.tokens.vault, two.vaults.sweep.tokens.vault);
    const { environment: single } = environmentOf(one);
    assert.equal(single.credentials, single.tokens);
    assert.equal(single.vaults.sweep.credentials, single.vaults.sweep.tokens);
    assert.notEqual(single.credentials.pacer, single.vaults.sweep.credentials.pacer);
  });
});
