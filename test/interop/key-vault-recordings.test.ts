import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { InMemoryVault } from '../../local/key-vault/in-memory-vault.ts';
import { route } from '../../local/key-vault/key-vault-routes.ts';
import { VaultFaults } from '../../local/key-vault/vault-faults.ts';
import { KeyVaultRefusal } from '../../local/key-vault/vault-refusal.ts';
import { VaultState } from '../../local/key-vault/vault-state.ts';
import type { SkippingClock } from '../../local/skipping-clock.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { SecretDeletion } from '../../src/vault/key-vault.ts';
import { type SecretVault, VaultError } from '../../src/vault/secret-vault.ts';
import { vaultRemedy } from '../../src/vault/vault-remedy.ts';
import { stillClock } from '../local/key-vault/harness.ts';
import { send } from '../local/key-vault/send.ts';
import { connectTo, startOddVault, startVault, staticCredential } from '../vault/harness.ts';
import {
  comparable,
  type Happened,
  placed,
  type RecordedCall,
  type RecordedExchange,
  type Recording,
  recordings,
} from './key-vault-recordings.ts';

// What the real Key Vault was seen to answer: the emulator answers so, and the adapter understands it.

const throttledAtOnce = { count: 0, windowMilliseconds: 10_000 };

function stateOptions({ moment, retentionDays, versions, pageSizes, before }: Recording) {
  const ids = [...versions];
  const clock = stillClock(moment * 1000);
  const createVersionId = () => ids.shift() ?? 'f'.repeat(32);
  return {
    clock,
    createVersionId,
    softDelete: { retentionDays },
    pageSizes: (page: number) => pageSizes[page] ?? 25,
    ...(before.some(({ throttled }) => throttled) ? { writeLimit: throttledAtOnce } : {}),
  };
}

function happen(clock: SkippingClock, state: VaultState, faults: VaultFaults, happened: Happened): void {
  if (happened.set !== undefined) {
    const { name, value, ...rest } = happened.set;
    state.set(name, { ...rest, value: new Sensitive(value) });
  }
  if (happened.delete !== undefined) state.delete(happened.delete);
  if (happened.recover !== undefined) state.recover(happened.recover);
  if (happened.readOnly !== undefined) faults.readOnly = happened.readOnly;
  if (happened.denied !== undefined) faults.denied.add(happened.denied);
  clock.advance((happened.wait ?? 0) * 1000);
}

const jsonOf = (body: unknown): string => (body === undefined ? '' : JSON.stringify(body));

async function assertEmulated(t: TestContext, recorded: Recording): Promise<void> {
  const { clock, ...options } = stateOptions(recorded);
  const accepted = 'an-accepted-token';
  const { state, faults, url, certificate } = await startVault(t, {
    ...options,
    clock,
    acceptsToken: (token) => token === accepted,
  });
  for (const happened of recorded.before) happen(clock, state, faults, happened);
  let nextLink = '';
  for (const { wait, request, status, body } of recorded.exchanges) {
    clock.advance(wait * 1000);
    const tokens = { accepted, foreign: 'of-another-tenant', none: null };
    const answer = await send(
      { url, certificate },
      request.path.replace('<nextLink>', () => nextLink),
      {
        method: request.method,
        body: jsonOf(request.body),
        token: tokens[request.token],
      },
    );
    assert.equal(answer.status, status);
    assert.deepEqual(comparable(answer.body), comparable(body));
    assert.equal(answer.headers['retry-after'], undefined);
    nextLink = answer.body?.nextLink ?? '';
  }
}

/** Gives each new request of one call the next answer; one that is repeated gets the same again. */
function answering(exchanges: readonly RecordedExchange[], urlOf: () => string): RequestListener {
  let index = -1;
  let last = '';
  return (request, response) => {
    // The first call of a client, which asks for one secret of a listing.
    if (request.url?.includes('maxresults=1') && !request.url.includes('skiptoken'))
      return response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"value":[]}');
    const asked = `${request.method} ${request.url}`;
    if (asked !== last) index += 1;
    last = asked;
    const answer = exchanges[index];
    assert.ok(answer, `no answer to ${asked}`);
    return response
      .writeHead(answer.status, { 'Content-Type': answer.contentType })
      .end(placed(answer.body, urlOf()));
  };
}

async function perform(vault: SecretVault, deletion: SecretDeletion | undefined, call: RecordedCall) {
  switch (call.operation) {
    case 'get':
      return vault.get(call.name, call.version);
    case 'set':
      return vault.set(call.name, { ...call.write, value: new Sensitive(call.write.value) });
    case 'update':
      return vault.update(call.name, call.version, call.patch);
    case 'list':
      return (await vault.list()).secrets;
    case 'list_versions':
      return vault.versions(call.name);
    case 'delete':
      return deletion?.delete(call.name);
    default:
      return call satisfies never;
  }
}

/** A result as JSON has it, with its value in the clear; null for none. */
function plain(result: unknown): unknown {
  const { value } = (result ?? {}) as { readonly value?: unknown };
  const revealed = value instanceof Sensitive ? { ...(result as object), value: value.reveal() } : result;
  return JSON.parse(JSON.stringify(revealed ?? null));
}

async function assertUnderstood(made: Promise<unknown>, { expect }: RecordedExchange): Promise<void> {
  assert.ok(expect);
  if ('result' in expect) {
    assert.deepEqual(plain(await made), expect.result);
    return;
  }
  const error = await made.then(
    () => assert.fail('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof VaultError, String(error));
  const { code, vaultCode } = error;
  assert.deepEqual([code, vaultCode], [expect.code, expect.vaultCode]);
  assert.ok(vaultRemedy(error).includes(expect.remedy), vaultRemedy(error));
}

async function assertAdapted(t: TestContext, recorded: Recording): Promise<void> {
  for (const [index, exchange] of recorded.exchanges.entries()) {
    if (exchange.call === undefined) continue;
    let url = '';
    url = await startOddVault(
      t,
      answering(recorded.exchanges.slice(index), () => url),
    );
    const options = { vaultUrl: url, credential: staticCredential, allowLoopback: true };
    const vault = connectTo(url, options);
    await assertUnderstood(perform(vault, new SecretDeletion(options), exchange.call), exchange);
  }
}

/** The same calls on the vault in memory; what is asked without a call is done to its state. */
async function assertInMemory(recorded: Recording): Promise<void> {
  const { clock, ...options } = stateOptions(recorded);
  const state = new VaultState({ clock, ...options });
  const faults = new VaultFaults();
  const vault = new InMemoryVault({ state, faults });
  for (const happened of recorded.before) happen(clock, state, faults, happened);
  for (const exchange of recorded.exchanges) {
    clock.advance(exchange.wait * 1000);
    const { call, request } = exchange;
    if (call !== undefined && call.operation !== 'delete') {
      await assertUnderstood(perform(vault, undefined, call), exchange);
    } else if (!request.path.startsWith('<')) {
      const http = { method: request.method, url: new URL(request.path, 'https://local'), body: '' };
      http.url.searchParams.set('api-version', '7.6');
      try {
        route({ ...http, body: jsonOf(request.body) }, state, {
          vaultUrl: '',
          softDelete: state.softDelete,
        }).answer();
      } catch (error) {
        assert.ok(error instanceof KeyVaultRefusal, String(error));
      }
    }
  }
}

/** Requests that the adapter never sends, or that never reach the state: nothing to compare in memory. */
const onTheWireOnly = /^(a secret without a name|a plain secret|a token of another|a name with other)/;

for (const recorded of recordings) {
  describe(recorded.name, () => {
    const isVault = recorded.answeredBy === 'vault';
    const isCalled = recorded.exchanges.some(({ call }) => call !== undefined);
    if (isVault) test('the emulator answers so', (t) => assertEmulated(t, recorded));
    if (isCalled) test('the adapter understands it', (t) => assertAdapted(t, recorded));
    if (isVault && isCalled && !onTheWireOnly.test(recorded.name))
      test('the vault in memory gives the same', () => assertInMemory(recorded));
  });
}
