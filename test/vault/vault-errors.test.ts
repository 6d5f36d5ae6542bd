import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import type { FaultBehaviour } from '../../local/key-vault/vault-faults.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { VaultError, type VaultErrorCode, type VaultOperation } from '../../src/vault/secret-vault.ts';
import { GivenUpError, RefusedError, toVaultError, UnansweredError } from '../../src/vault/vault-errors.ts';
import { connectTo, errorOf, startOddVault, startVault, write } from './harness.ts';

const target = (operation: VaultOperation) => ({
  vaultUrl: 'https://v.vault.azure.net',
  operation,
  secretName: 'colour',
});

function refusal(status: number, body: string | null, retryAfter?: string): RefusedError {
  const headers = createHttpHeaders(retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
  const request = createPipelineRequest({ url: 'https://v.vault.azure.net' });
  request.headers.set('authorization', 'Bearer a-token');
  return new RefusedError({ status, headers, request, bodyAsText: body });
}

const errorBody = (code: string, inner?: string): string =>
  JSON.stringify({ error: { code, message: 'text', ...(inner && { innererror: { code: inner } }) } });

describe('a refusal by status and inner code', () => {
  const rows: [status: number, outer: string, inner: string | undefined, code: VaultErrorCode][] = [
    [400, 'BadParameter', undefined, 'rejected'],
    [401, 'Unauthorized', undefined, 'token_refused'],
    [402, 'Other', undefined, 'rejected'],
    [403, 'Forbidden', 'ForbiddenByRbac', 'forbidden'],
    [403, 'Forbidden', 'ForbiddenByFirewall', 'forbidden'],
    [403, 'Forbidden', 'ForbiddenByConnection', 'forbidden'],
    [403, 'Forbidden', 'AccessDenied', 'forbidden'],
    [403, 'Forbidden', 'SecretDisabled', 'disabled'],
    [403, 'Forbidden', undefined, 'forbidden'],
    [404, 'SecretNotFound', undefined, 'rejected'],
    [407, 'Other', undefined, 'intercepted'],
    [408, 'RequestTimeout', undefined, 'unreachable'],
    [409, 'Conflict', 'ObjectIsDeletedButRecoverable', 'deleted'],
    [409, 'Conflict', 'ObjectIsBeingDeleted', 'conflict'],
    [409, 'Conflict', 'ObjectIsBeingRecovered', 'conflict'],
    [409, 'Conflict', undefined, 'conflict'],
    [428, 'Other', undefined, 'rejected'],
    [429, 'Throttled', undefined, 'throttled'],
    [430, 'Other', undefined, 'rejected'],
    [499, 'Other', undefined, 'rejected'],
    [500, 'InternalServerError', undefined, 'unreachable'],
    [503, 'ServiceUnavailable', undefined, 'unreachable'],
  ];
  for (const [status, outer, inner, code] of rows) {
    test(`${status} ${inner ?? outer} is ${code}`, () => {
      for (const operation of ['list', 'get', 'set', 'update'] as const) {
        const error = toVaultError(target(operation), refusal(status, errorBody(outer, inner)));
        const isWrite = operation === 'set' || operation === 'update';
        assert.equal(error.code, code);
        assert.equal(error.writeMayHaveHappened, isWrite && code === 'unreachable');
        const message = `https://v.vault.azure.net: ${operation} colour: ${code} (HTTP ${status} ${inner ?? outer})`;
        assert.equal(error.message, message);
      }
    });
  }

  const bodies = [null, '', 'null', '{}', '{"error":null}', errorBody('two words'), errorBody('')];
  for (const body of bodies) {
    test(`without a usable code: ${body}`, () => {
      assert.match(toVaultError(target('get'), refusal(403, body)).message, /: forbidden \(HTTP 403\)$/);
    });
  }

  const waits: [header: string | undefined, seconds: number | undefined][] = [
    [undefined, undefined],
    ['1', 1],
    ['3600', 3600],
    ['0', undefined],
    ['-1', undefined],
    ['', undefined],
    ['Infinity', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ];
  for (const [header, seconds] of waits) {
    test(`with Retry-After ${header} asks for ${seconds} s`, () => {
      const error = toVaultError(target('set'), refusal(429, errorBody('Throttled'), header));
      assert.equal(error.retryAfterSeconds, seconds);
    });
  }
});

describe('no answer', () => {
  const request = createPipelineRequest({ url: 'https://v.vault.azure.net' });
  const network = (code: string) => new RestError('text', { code, request });
  const notSent = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'];
  const unanswered = [
    ...notSent.map((code) => [code, false] as const),
    ...['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'CERT_HAS_EXPIRED'].map((code) => [code, true] as const),
  ].flatMap(([code, open]) =>
    [network(code), new UnansweredError(code)].map((error) => ({ error, detail: code, open })),
  );
  const silent: { error: unknown; detail: string }[] = [
    { error: Object.assign(new Error('x'), { name: 'AbortError' }), detail: 'no answer in time' },
    { error: new TypeError('text'), detail: 'no usable answer' },
    { error: network('a code with spaces'), detail: 'no usable answer' },
    { error: undefined, detail: 'no usable answer' },
    { error: 'text', detail: 'no usable answer' },
  ];
  const rows = [...unanswered, ...silent.map((row) => ({ ...row, open: true }))];
  for (const { error, detail, open } of rows) {
    test(`${error} of ${detail} is unreachable, a write is ${open ? 'open' : 'not sent'}`, () => {
      for (const operation of ['list', 'get', 'set', 'update'] as const) {
        const { code, message, writeMayHaveHappened } = toVaultError(target(operation), error);
        assert.equal(code, 'unreachable');
        assert.equal(message, `https://v.vault.azure.net: ${operation} colour: unreachable (${detail})`);
        assert.equal(writeMayHaveHappened, open && (operation === 'set' || operation === 'update'));
      }
    });
  }

  test('for want of a token is unauthenticated, and nothing was written', () => {
    const error = toVaultError(
      target('set'),
      new GivenUpError('unauthenticated', 'CredentialUnavailableError'),
    );
    assert.equal(error.code, 'unauthenticated');
    assert.equal(error.writeMayHaveHappened, false);
    assert.match(error.message, /\(CredentialUnavailableError\)$/);
  });

  test('leaves a VaultError as it is', () => {
    const error = new VaultError({ ...target('get'), code: 'disabled' });
    assert.equal(toVaultError(target('list'), error), error);
    assert.equal(error.message, 'https://v.vault.azure.net: get colour: disabled');
  });
});

describe('secrecy', () => {
  const canary = 'canary-value-7f3a';
  const secretWrite = { ...write, value: new Sensitive(canary), tags: { tag: 'canary-tag-7f3a' } };

  function assertSilent(error: unknown, secrets: readonly string[]): void {
    const shown = [
      String(error),
      (error as Error).stack ?? '',
      JSON.stringify(error),
      JSON.stringify(error, Object.getOwnPropertyNames(error)),
      inspect(error),
      inspect(error, { showHidden: true, depth: 6 }),
      inspect(error, { showHidden: true, depth: 6, customInspect: false, getters: true }),
    ];
    for (const secret of secrets) {
      assert.ok(secret.length > 5);
      for (const text of shown) assert.ok(!text.includes(secret), `${secret} in ${text}`);
    }
  }

  const bearerOf = (authorization: string | undefined): string =>
    authorization?.slice('Bearer '.length) ?? '';

  const behaviours: FaultBehaviour[] = [
    { kind: 'throttle' },
    { kind: 'status', status: 400, code: 'BadParameter' },
    { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByFirewall' },
    { kind: 'status', status: 409, code: 'Conflict' },
    { kind: 'commit_then_status', status: 500, code: 'InternalServerError' },
    { kind: 'reset' },
    { kind: 'hang' },
  ];
  for (const behaviour of behaviours) {
    test(`neither value nor token are in the error of ${behaviour.kind} ${'status' in behaviour ? behaviour.status : ''}`, async (t) => {
      const { vault, faults, state, received } = await startVault(t, { callLimitMilliseconds: 1000 });
      const { version } = state.set('colour', secretWrite);
      await vault.list();
      faults.add({ behaviour });
      const errors = await Promise.all([
        errorOf(vault.get('colour')),
        errorOf(vault.set('colour', secretWrite)),
        errorOf(vault.update('colour', version, { tags: secretWrite.tags })),
        errorOf(vault.list()),
      ]);
      const put = received.find(({ method }) => method === 'PUT');
      assert.match(put?.body ?? '', new RegExp(canary));
      for (const error of errors) {
        assertSilent(error, [canary, 'canary-tag-7f3a', 'Bearer', bearerOf(put?.headers.authorization)]);
      }
    });
  }

  test('a vault that sends everything back in its error is not quoted', async (t) => {
    const seen: string[] = [];
    const url = await startEchoingVault(t, seen);
    const vault = connectTo(url);
    const error = await errorOf(vault.set('colour', secretWrite));
    assert.match(seen.join(), new RegExp(canary));
    assertSilent(error, [canary, 'Bearer', bearerOf(seen.at(-1))]);
  });

  test('a value that is refused unsent is not quoted', async (t) => {
    const { vault } = await startVault(t);
    const tooLong = new Sensitive(canary.repeat(2000));
    assertSilent(await errorOf(vault.set('colour', { ...secretWrite, value: tooLong })), [canary]);
  });
});

function startEchoingVault(t: TestContext, seen: string[]): Promise<string> {
  return startOddVault(t, async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const authorization = request.headers.authorization ?? '';
    seen.push(body, authorization);
    const message = `${body} ${authorization}`;
    response.writeHead(400, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ error: { code: message, message, innererror: { code: message } } }));
  });
}
