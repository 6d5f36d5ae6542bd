import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import { InMemoryVault } from '../../../src/local/key-vault/in-memory-vault.ts';
import { startKeyVaultEmulator } from '../../../src/local/key-vault/key-vault-emulator.ts';
import {
  createLoopbackCertificate,
  trustInThisProcess,
} from '../../../src/local/key-vault/loopback-certificate.ts';
import { type FaultBehaviour, VaultFaults } from '../../../src/local/key-vault/vault-faults.ts';
import { VaultState } from '../../../src/local/key-vault/vault-state.ts';
import { Sensitive } from '../../../src/sensitive.ts';
import { KeyVault } from '../../../src/vault/key-vault.ts';
import { type SecretVault, VaultError } from '../../../src/vault/secret-vault.ts';
import { acceptedToken, MovedClock, secret } from './harness.ts';

// The in-process vault stands in for the Key Vault adapter in tests and simulations, so both must say the same of
// the same vault. Each row runs on both.

const certificate = createLoopbackCertificate();
before(() => trustInThisProcess(certificate.certificate));

interface Pair {
  readonly state: VaultState;
  readonly faults: VaultFaults;
  readonly vaults: readonly SecretVault[];
}

async function start(t: TestContext): Promise<Pair> {
  const state = new VaultState({ clock: new MovedClock(), pageSizes: (page) => page % 3 });
  const faults = new VaultFaults();
  const emulator = await startKeyVaultEmulator({
    state,
    faults,
    certificate,
    acceptsToken: (token) => token === acceptedToken,
  });
  t.after(() => emulator.close());
  const credential = {
    getToken: async () => ({ token: acceptedToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const adapter = new KeyVault({
    vaultUrl: emulator.url,
    credential,
    allowLoopback: true,
    callLimitMilliseconds: 250,
    throttlePauseMilliseconds: 1,
  });
  return { state, faults, vaults: [adapter, new InMemoryVault({ state, faults })] };
}

const write = {
  value: new Sensitive('green'),
  contentType: 'text/plain',
  tags: { a: '1' },
  expiresAt: 2_000_000_000,
};

/** What a caller can tell apart. */
async function said(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const { code, operation, secretName, writeMayHaveHappened, retryAfterSeconds } = error;
    return { code, operation, secretName, writeMayHaveHappened, retryAfterSeconds };
  }
}

async function agree<T>({ vaults }: Pair, call: (vault: SecretVault) => Promise<T>): Promise<void> {
  const [adapter, inMemory] = await Promise.all(vaults.map((vault) => said(() => call(vault))));
  assert.deepEqual(inMemory, adapter);
}

describe('both vaults agree', () => {
  test('on what is stored', async (t) => {
    const pair = await start(t);
    const { version } = pair.state.set('colour', write);
    pair.state.set('disabled', { ...secret('x'), enabled: false });
    await agree(pair, async (vault) => (await vault.get('colour'))?.value.reveal());
    await agree(pair, (vault) => vault.get('colour', version));
    await agree(pair, (vault) => vault.get('colour', '0'.repeat(32)));
    await agree(pair, (vault) => vault.get('missing'));
    await agree(pair, (vault) => vault.get('disabled'));
    await agree(pair, (vault) => vault.update('missing', version, { enabled: false }));
    await agree(pair, async (vault) => {
      const { durationMilliseconds, ...listing } = await vault.list();
      return listing;
    });
  });

  test('on what is written', async (t) => {
    const pair = await start(t);
    for (const vault of pair.vaults) {
      const version = await vault.set('colour', write);
      await vault.update('colour', version, { tags: { b: '2' }, enabled: false });
    }
    const [first, second] = pair.state.versionsOf('colour');
    assert.ok(first && second);
    assert.equal(second.value.reveal(), first.value.reveal());
    assert.deepEqual({ ...second, version: '' }, { ...first, version: '' });
  });

  test('on names that are deleted, and on switches', async (t) => {
    const pair = await start(t);
    const { version } = pair.state.set('colour', write);
    pair.state.set('shape', write);
    pair.state.delete('shape');
    await agree(pair, (vault) => vault.set('shape', write));
    pair.faults.readOnly = true;
    await agree(pair, (vault) => vault.set('colour', write));
    await agree(pair, (vault) => vault.update('colour', version, {}));
    pair.faults.denied.add('list').add('get');
    await agree(pair, (vault) => vault.list());
    await agree(pair, (vault) => vault.get('colour'));
  });
});

describe('both vaults agree on a fault', () => {
  const behaviours: FaultBehaviour[] = [
    { kind: 'throttle' },
    { kind: 'throttle', retryAfterSeconds: 7 },
    { kind: 'status', status: 400, code: 'BadParameter' },
    { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'SecretDisabled' },
    { kind: 'status', status: 409, code: 'Conflict', innerCode: 'ObjectIsBeingDeleted' },
    { kind: 'commit_then_status', status: 503, code: 'ServiceUnavailable' },
    { kind: 'reset' },
    { kind: 'commit_then_reset' },
    { kind: 'hang' },
    { kind: 'commit_then_hang' },
  ];
  for (const behaviour of behaviours) {
    test(`${behaviour.kind} ${'status' in behaviour ? behaviour.status : ''} of a write`, async (t) => {
      const pair = await start(t);
      await pair.vaults[0]?.list();
      pair.faults.add({ behaviour });
      await agree(pair, (vault) => vault.set('colour', write));
      const stored = behaviour.kind.startsWith('commit') ? 2 : 0;
      assert.equal(
        pair.state.versionsOf('colour').length,
        stored,
        'each of the two wrote once, or not at all',
      );
    });
  }
});
