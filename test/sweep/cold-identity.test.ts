import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, describe, type TestContext, test } from 'node:test';
import { ManagedIdentityCredential } from '@azure/identity';
import { startKeyVaultEmulator } from '../../local/key-vault/key-vault-emulator.ts';
import { createLoopbackCertificate, trustInThisProcess } from '../../local/key-vault/loopback-certificate.ts';
import { type IdentityFailure, startManagedIdentity } from '../../local/key-vault/managed-identity.ts';
import type { SampleClient } from '../../local/samples.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import { limitedCredential } from '../../src/vault/identity.ts';
import { KeyVault } from '../../src/vault/key-vault.ts';
import type { SecretVault } from '../../src/vault/secret-vault.ts';
import { assertHealthy } from '../refresh/harness.ts';
import { crm, startMilliseconds, TestWorld } from '../support/world.ts';

// The real adapter, SDK and credential on the wire, the sweep on a clock that moves only between its tries.

const certificate = createLoopbackCertificate();
trustInThisProcess(certificate.certificate);
let current: TestWorld | undefined;
const isForEntra = (resource: string): boolean => resource.startsWith('api://');
const identity = await startManagedIdentity({
  tokenFor: (resource) =>
    isForEntra(resource) ? current?.entra.identityToken(current.identity, resource) : undefined,
});
Object.assign(process.env, identity.environment);
after(() => identity.close());

/** Lets the world's time stand still while the vault is asked. */
function standingStill({ clock }: TestWorld, vault: SecretVault): SecretVault {
  return {
    url: vault.url,
    list: (limit) => clock.during(vault.list(limit)),
    get: (name, version) => clock.during(vault.get(name, version)),
    versions: (name) => clock.during(vault.versions(name)),
    set: (name, write) => clock.during(vault.set(name, write)),
    update: (name, version, patch) => clock.during(vault.update(name, version, patch)),
  };
}

/** A process that has just started: @azure/identity keeps tokens for the process, but for each identity apart. */
async function startColdProcess(t: TestContext, world: TestWorld): Promise<RefreshEnvironment> {
  const { url, close } = await startKeyVaultEmulator({
    state: world.credentials,
    faults: world.credentialsFaults,
    acceptsToken: identity.accepts,
    certificate,
  });
  t.after(close);
  const credential = new ManagedIdentityCredential({ clientId: randomUUID() });
  const limited = limitedCredential(credential, 700);
  const vault = new KeyVault({
    vaultUrl: url,
    credential,
    allowLoopback: true,
    callLimitMilliseconds: 700,
  });
  const environment = world.createEnvironment();
  const paced = { ...environment.credentials, vault: standingStill(world, vault) };
  const identityToken = async (audience: string) => {
    const { token } = await world.clock.during(limited.getToken(`${audience}/.default`));
    return new Sensitive(token);
  };
  return { ...environment, credentials: paced, tokens: paced, identityToken };
}

function createWorld(client: SampleClient = crm): TestWorld {
  const world = new TestWorld({ oneVault: true });
  for (const id of ['a', 'b']) world.addAccount({ id, client });
  current = world;
  return world;
}

const secondsSince = ({ clock }: TestWorld): number => (clock.nowMilliseconds() - startMilliseconds) / 1000;

describe('a cold process whose identity endpoint', () => {
  const rows: readonly (readonly [failure: IdentityFailure, seconds: number, within: number])[] = [
    [400, 1, 5],
    [403, 1, 5],
    [429, 5, 5],
    [429, 6, 35],
    ['hang', 8, 35],
    [500, 20, 35],
    [503, 20, 35],
  ];
  for (const [failure, seconds, within] of rows) {
    const what = failure === 'hang' ? 'hangs' : `answers ${failure}`;
    test(`${what} for ${seconds} s refreshes everything within ${within} s`, async (t) => {
      const world = createWorld();
      identity.failure = () => (secondsSince(world) < seconds ? failure : undefined);
      const report = await world.sweep({}, await startColdProcess(t, world));
      for (const id of ['a', 'b']) assertHealthy(world, report, id);
      assert.ok(secondsSince(world) >= seconds && secondsSince(world) <= within + 1);
      assert.equal(report.durationSeconds, Math.floor(secondsSince(world)));
      const [completed] = world.telemetry.named('SweepCompleted');
      assert.equal(completed?.measurements.durationSeconds, report.durationSeconds);
    });
  }

  test('never gives a token ends the sweep before its deadline and says how often and how long', async (t) => {
    const world = createWorld();
    identity.failure = () => 400;
    const environment = await startColdProcess(t, world);
    const error = await world.sweep({}, environment).catch((reason: unknown) => reason);
    assert.ok(error instanceof SweepAbortedError);
    assert.equal(error.vaultError.code, 'unauthenticated');
    assert.match(error.message, /list: unauthenticated \(.*\), tried 16 times in 27 min/);
    assert.ok(secondsSince(world) < 27 * 60);
    const [told] = world.telemetry.named('SweepAborted');
    assert.match(told?.properties.cause ?? '', /tried 16 times in 27 min/);
    assert.deepEqual([told?.measurements.tries, told?.measurements.triedSeconds], [16, 1595]);
    identity.failure = () => undefined;
    assertHealthy(world, await world.sweep({}, environment), 'a');
  });
});

describe('a client that trusts the app’s identity, whose endpoint', () => {
  const federated: SampleClient = { ...crm, method: 'managed_identity' };
  const rows: readonly (readonly [failure: IdentityFailure, seconds: number, within: number])[] = [
    [400, 1, 5],
    [429, 5, 5],
    [429, 6, 35],
    ['hang', 8, 35],
    [500, 20, 35],
    [503, 40, 160],
  ];
  for (const [failure, seconds, within] of rows) {
    const what = failure === 'hang' ? 'hangs' : `answers ${failure}`;
    test(`${what} for ${seconds} s is refreshed within ${within} s, and nobody is told of an incident`, async (t) => {
      const world = createWorld(federated);
      identity.failure = (resource) =>
        isForEntra(resource) && secondsSince(world) < seconds ? failure : undefined;
      const report = await world.sweep({}, await startColdProcess(t, world));
      for (const id of ['a', 'b']) assertHealthy(world, report, id);
      assert.ok(secondsSince(world) >= seconds && secondsSince(world) <= within + 1);
      identity.failure = () => undefined;
    });
  }
});
