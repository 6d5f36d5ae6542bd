import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parseDocument } from 'yaml';
import * as z from 'zod';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** Strict: a key twice, an unknown tag or a broken indent is an error. */
function readYaml(path: string): unknown {
  const document = parseDocument(read(path), { strict: true, uniqueKeys: true });
  assert.deepEqual([...document.errors, ...document.warnings], [], path);
  return document.toJS();
}

const step = z.strictObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const permissions = z.record(z.string(), z.enum(['read', 'write']));
const workflow = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions,
  concurrency: z.unknown().optional(),
  jobs: z.record(
    z.string(),
    z.strictObject({
      'runs-on': z.string(),
      'timeout-minutes': z.int(),
      permissions: permissions.optional(),
      steps: z.array(step).min(1),
    }),
  ),
});

const workflows = readdirSync(new URL('.github/workflows', root)).map((name) => `.github/workflows/${name}`);
const stepsOf = (path: string) =>
  Object.values(workflow.parse(readYaml(path)).jobs).flatMap(({ steps }) => steps);

describe('the workflows', () => {
  for (const path of workflows) {
    test(`${path} is well formed, starts with read rights and names each action by its commit`, () => {
      assert.deepEqual(workflow.parse(readYaml(path)).permissions, { contents: 'read' });
      for (const { uses, run } of stepsOf(path)) {
        assert.notEqual(uses === undefined, run === undefined, 'a step uses an action or runs a command');
        if (uses !== undefined) assert.match(uses, /^[\w-]+\/[\w/-]+@[0-9a-f]{40}$/);
      }
      const told = [...read(path).matchAll(/uses: \S+ # v\d+\.\d+\.\d+$/gm)];
      assert.equal(
        told.length,
        stepsOf(path).filter(({ uses }) => uses).length,
        'each commit tells its version',
      );
    });
  }

  test('run the same check as everybody else, with the Node of .nvmrc', () => {
    const steps = stepsOf('.github/workflows/ci.yml');
    assert.deepEqual(
      steps.flatMap(({ run }) => run ?? []),
      ['bash .ci/run'],
    );
    assert.ok(existsSync(new URL('.ci/run', root)));
    assert.ok(steps.some((each) => each.with?.['node-version-file'] === '.nvmrc'));
  });

  test('Dependabot looks at the packages and at the actions', () => {
    const update = z.looseObject({ 'package-ecosystem': z.string(), directory: z.literal('/') });
    const { updates } = z
      .strictObject({ version: z.literal(2), updates: z.array(update) })
      .parse(readYaml('.github/dependabot.yml'));
    assert.deepEqual(
      updates.map((each) => each['package-ecosystem']),
      ['npm', 'github-actions'],
    );
  });
});

test('.nvmrc names the Node that the tests run on', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };
  assert.equal(read('.nvmrc').trim(), devDependencies.node.split('.')[0]);
});
