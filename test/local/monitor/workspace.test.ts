import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TelemetryEnvelope } from '../../../local/monitor/in-memory-ingestion.ts';
import { Workspace } from '../../../local/monitor/workspace.ts';

const minute = 60_000;

const envelope = (atMinutes: number, name = `at ${atMinutes}`): TelemetryEnvelope => ({
  name: 'Microsoft.ApplicationInsights.Event',
  time: new Date(atMinutes * minute).toISOString(),
  iKey: 'key',
  sampleRate: 100,
  tags: { 'ai.cloud.role': 'func' },
  data: {
    baseType: 'EventData',
    baseData: { name, properties: { account: 'a' }, measurements: { count: 2 } },
  },
});

const namesAt = (workspace: Workspace, atMinutes: number, windowMinutes: number) =>
  workspace.tables(atMinutes * minute, windowMinutes * minute)['AppEvents']?.map(({ Name }) => Name);

describe('the workspace', () => {
  test('shows an event as Log Analytics does', () => {
    const workspace = new Workspace(() => 0);
    workspace.ingest([envelope(1)]);
    const [row] = workspace.tables(minute, 10 * minute)['AppEvents'] ?? [];
    assert.deepEqual(row, {
      TimeGenerated: minute,
      Name: 'at 1',
      Properties: { account: 'a' },
      Measurements: { count: 2 },
      AppRoleName: 'func',
      AppRoleInstance: '',
      OperationId: '',
      OperationName: '',
      ParentId: '',
      IKey: 'key',
      ItemCount: 1,
      Type: 'AppEvents',
    });
  });

  test('takes custom events only', () => {
    const workspace = new Workspace(() => 0);
    const { data, ...rest } = envelope(1);
    workspace.ingest([{ ...rest, data: { ...data, baseType: 'MetricData' } }]);
    assert.deepEqual(namesAt(workspace, 10, 60), []);
  });

  test('hides an event until its latency is over, and orders by the time of the event', () => {
    const workspace = new Workspace((at) => (at === 10 * minute ? 5 : 2) * minute);
    workspace.ingest([envelope(10), envelope(11)]);
    assert.deepEqual(namesAt(workspace, 12, 60), []);
    assert.deepEqual(namesAt(workspace, 13, 60), ['at 11']);
    assert.deepEqual(namesAt(workspace, 14, 60), ['at 11']);
    assert.deepEqual(namesAt(workspace, 15, 60), ['at 10', 'at 11']);
  });

  test('shows what lies within the window', () => {
    const workspace = new Workspace(() => 0);
    workspace.ingest([envelope(1), envelope(2), envelope(3)]);
    assert.deepEqual(namesAt(workspace, 4, 2), ['at 3']);
    assert.deepEqual(namesAt(workspace, 4, 3), ['at 2', 'at 3']);
  });

  test('forgets after two days', () => {
    const workspace = new Workspace(() => 0);
    workspace.ingest([envelope(0)]);
    assert.deepEqual(namesAt(workspace, 1, 60), ['at 0']);
    workspace.ingest([envelope(2881)]);
    assert.deepEqual(namesAt(workspace, 2881, 10_000), ['at 2881']);
  });
});
