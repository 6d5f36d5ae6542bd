import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Exchange } from '../../src/oauth/exchange.ts';
import { Sensitive } from '../../src/sensitive.ts';

/** An answer of the token endpoint and the members of the outcome it must have. */
interface Vector {
  readonly file: string;
  readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expect: Readonly<Record<string, unknown>>;
}

/** 2026-06-01T00:00:00Z, the moment of every vector. */
export const vectorsMoment = 1_780_272_000;

const folder = new URL('../vectors/token-endpoint/', import.meta.url);

const grantMembers =
  'accessToken expiresInSeconds refreshInSeconds refreshToken refreshTokenExpiresInSeconds scope resource user'.split(
    ' ',
  );
const factsMembers =
  'code codeKnown cause remedy httpStatus oauthError suberror claims traceId correlationId'.split(' ');
const expectMembers =
  'kind conclusive previousVersionMayWork retryAfterSeconds traceId correlationId grant facts'.split(' ');

export const vectors: readonly Vector[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => parseVector(file, readFileSync(new URL(file, folder), 'utf8')));

function parseVector(file: string, text: string): Vector {
  const { name, status, headers, body, expect, ...rest } = JSON.parse(text);
  assert.deepEqual(rest, {}, `${file}: unknown members`);
  assert.equal(typeof name, 'string', `${file}: name`);
  assert.equal(typeof status, 'number', `${file}: status`);
  assertMembers(file, expect, expectMembers);
  assertMembers(file, expect.grant ?? {}, grantMembers);
  assertMembers(file, expect.facts ?? {}, factsMembers);
  return {
    file: basename(file, '.json'),
    name,
    status,
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    expect,
  };
}

function assertMembers(file: string, value: object, members: readonly string[]): void {
  assert.deepEqual(
    Object.keys(value).filter((key) => !members.includes(key)),
    [],
    `${file}: unknown members`,
  );
}

export function exchangeOf({ status, headers, body }: Pick<Vector, 'status' | 'headers' | 'body'>): Exchange {
  return { kind: 'answered', status, headers, body: new Sensitive(body), durationMilliseconds: 1 };
}

/** Asserts that the outcome has the expected members; `null` stands for an absent one, tokens in the clear. */
export function assertMatches(actual: unknown, expected: unknown, path = 'outcome'): void {
  if (expected === null || typeof expected !== 'object') {
    const value = actual instanceof Sensitive ? actual.reveal() : actual;
    assert.equal(value, expected ?? undefined, path);
    return;
  }
  assert.ok(typeof actual === 'object' && actual !== null, `${path} is missing`);
  for (const [key, value] of Object.entries(expected)) {
    assertMatches((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
  }
}
