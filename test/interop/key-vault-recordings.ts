import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import * as z from 'zod';

const write = z.strictObject({
  value: z.string(),
  contentType: z.string().exactOptional(),
  tags: z.record(z.string(), z.string()).exactOptional(),
});

const before = z.strictObject({
  set: write.extend({ name: z.string() }).exactOptional(),
  delete: z.string().exactOptional(),
  recover: z.string().exactOptional(),
  wait: z.int().exactOptional(),
  readOnly: z.boolean().exactOptional(),
  throttled: z.boolean().exactOptional(),
  denied: z.enum(['get', 'list', 'set', 'update']).exactOptional(),
});

const call = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('get'), name: z.string(), version: z.string().exactOptional() }),
  z.strictObject({ operation: z.literal('set'), name: z.string(), write: write.required() }),
  z.strictObject({
    operation: z.literal('update'),
    name: z.string(),
    version: z.string(),
    patch: z.strictObject({ tags: z.record(z.string(), z.string()) }),
  }),
  z.strictObject({ operation: z.literal('list') }),
  z.strictObject({ operation: z.literal('list_versions'), name: z.string() }),
  z.strictObject({ operation: z.literal('delete'), name: z.string() }),
]);

const expected = z.union([
  z.strictObject({ result: z.unknown().refine((result) => result !== undefined) }),
  z.strictObject({ code: z.string(), vaultCode: z.string().exactOptional(), remedy: z.string() }),
]);

const exchange = z.strictObject({
  wait: z.int().default(0),
  request: z.strictObject({
    method: z.enum(['GET', 'PUT', 'PATCH', 'DELETE']),
    path: z.string(),
    body: z.unknown().exactOptional(),
    token: z.enum(['accepted', 'foreign', 'none']).default('accepted'),
  }),
  status: z.int(),
  contentType: z.string().default('application/json; charset=utf-8'),
  body: z.unknown(),
  call: call.exactOptional(),
  expect: expected.exactOptional(),
});

const recording = z.strictObject({
  name: z.string(),
  source: z.string().min(10),
  answeredBy: z.enum(['vault', 'other']).default('vault'),
  moment: z.int().default(1_779_401_257),
  retentionDays: z.int().default(90),
  versions: z.array(z.string()).default([]),
  pageSizes: z.array(z.int()).default([]),
  before: z.array(before).default([]),
  exchanges: z.array(exchange).min(1),
});

/** A fact about Key Vault: what is asked and answered, as `test/vectors/key-vault/README.md` says. */
export type Recording = z.infer<typeof recording>;
export type RecordedExchange = z.infer<typeof exchange>;
export type RecordedCall = z.infer<typeof call>;
/** One thing that happened to a vault before. */
export type Happened = z.infer<typeof before>;

const folder = new URL('../vectors/key-vault/', import.meta.url);

export const recordings: readonly Recording[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const parsed = recording.safeParse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
    assert.ok(parsed.success, `${file}: ${parsed.success ? '' : z.prettifyError(parsed.error)}`);
    return parsed.data;
  });

const anyHost = /https:\/\/(?:example\.vault\.azure\.net|127\.0\.0\.1)(?::\d+)?/g;

/** An answer's body with the vault at `url`: a recording's own, or the emulator's. */
export function placed(body: unknown, url: string): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return text.replaceAll(anyHost, url);
}

/** What of two bodies must be equal: all but the host, and the token that stands for a place in a listing. */
export function comparable(body: unknown): unknown {
  if (body === undefined) return undefined;
  const text = placed(body, 'https://example.vault.azure.net');
  return JSON.parse(text.replaceAll(/\$skiptoken=[^&"]+/g, '$skiptoken='));
}
