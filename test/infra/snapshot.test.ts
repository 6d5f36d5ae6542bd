import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { samplePlace, sampleTenantId } from '../../infra/check/arm/ids.ts';
import { plainOf } from '../../infra/check/arm/value.ts';
import { findCli } from '../../infra/check/check.ts';
import { buildParameters, cleanEnvironment } from '../../infra/check/compile.ts';
import { viewsOf } from '../../infra/check/must-haves/must-have.ts';
import { root } from './template-edits.ts';

const found = await findCli(root, false);
const skip = 'missing' in found ? `no Bicep compiler is here: ${found.missing}` : false;
const parameterFile = 'infra/main.bicepparam';

interface Predicted {
  readonly id: string;
  readonly type: string;
  readonly [member: string]: unknown;
}

/** What the compiler itself predicts, with what it cannot know left as expressions. */
function predict(cli: string): Predicted[] {
  const directory = mkdtempSync(join(tmpdir(), 'snapshot-'));
  try {
    cpSync(join(root, 'infra'), join(directory, 'infra'), { recursive: true });
    const place = ['--subscription-id', samplePlace.subscriptionId, '--tenant-id', sampleTenantId];
    const options = ['snapshot', parameterFile, '--mode', 'overwrite', '--location', 'westeurope', ...place];
    execFileSync(cli, options, { cwd: directory, env: cleanEnvironment() });
    return JSON.parse(readFileSync(join(directory, 'infra/main.snapshot.json'), 'utf8')).predictedResources;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Our hashes of names are not Azure's. */
const masked = (text: string): string => text.replace(/[0-9a-z]{13}\b|[0-9a-f]{8}-[0-9a-f-]{27}/g, '#');

/** Holds everything that the compiler knows against ours; returns how many values were the same. */
function assertSame(ours: unknown, theirs: unknown, place: string): number {
  if (typeof theirs === 'string') {
    if (theirs.startsWith('[')) return 0;
    assert.equal(masked(String(ours)), masked(theirs), place);
    return 1;
  }
  if (typeof theirs !== 'object' || theirs === null) {
    assert.equal(ours, theirs, place);
    return 1;
  }
  const members = Object.entries(theirs).filter(([key]) => !key.startsWith('['));
  return members
    .map(([key, value]) =>
      assertSame((ours as Record<string, unknown> | undefined)?.[key], value, `${place}.${key}`),
    )
    .reduce((sum, count) => sum + count, 0);
}

describe('what we work out of the compiled template', { skip }, () => {
  test('is what the compiler predicts', async () => {
    assert.ok('cli' in found);
    const { template = '', values } = await buildParameters(found.cli, root, parameterFile);
    const view = viewsOf(JSON.parse(template), [{ name: parameterFile, parameters: values }]).at(-1);
    const predicted = predict(found.cli.path);
    const types = (resources: readonly { type: string }[] = []) => resources.map(({ type }) => type).sort();
    assert.deepEqual(types(view?.resources), types(predicted));
    let same = 0;
    for (const type of new Set(types(predicted))) {
      const theirs = predicted.filter((each) => each.type === type);
      for (const [i, ours] of (view?.resources ?? []).filter((each) => each.type === type).entries()) {
        const { id: _, ...members } = theirs[i] as Predicted;
        same += assertSame(plainOf(ours.body), members, `${type}[${i}]`);
      }
    }
    assert.ok(same > 300, `only ${same} values could be compared`);
  });
});
