import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Harness, pagings, passTimeOnPolls, startHarness } from './harness.ts';

// The public cases of Microsoft's own suite for the client: the poller of a deletion.

type PageSizes = (pageIndex: number) => number;

async function startWithSecret(t: TestContext, pageSizes: PageSizes): Promise<Harness> {
  const harness = await startHarness(t, { pageSizes });
  await harness.client.setSecret('colour', 'green');
  return harness;
}

const begin = ({ client }: Harness, options: object) =>
  client.beginDeleteSecret('colour', { intervalInMs: 0, ...options });

for (const { title, pageSizes } of pagings) {
  describe(`the poller of a deletion ${title}`, () => {
    test('waits until it is done', async (t) => {
      const harness = await startWithSecret(t, pageSizes);
      const poller = await begin(harness, {});
      assert.equal(poller.getOperationState().isStarted, true);
      assert.notEqual(poller.getOperationState().isCompleted, true);
      passTimeOnPolls(harness);
      assert.equal((await poller.pollUntilDone()).name, 'colour');
      assert.equal(poller.getOperationState().isCompleted, true);
    });

    test('resumes from a stopped poller', async (t) => {
      const harness = await startWithSecret(t, pageSizes);
      const stopped = await begin(harness, {});
      stopped.stopPolling();
      passTimeOnPolls(harness);
      const resumed = await begin(harness, { resumeFrom: stopped.toString() });
      assert.equal((await resumed.pollUntilDone()).name, 'colour');
      const begun = harness.received.filter(({ method }) => method === 'DELETE');
      assert.equal(begun.length, 1, 'the operation is begun once');
    });

    test('gives up after 1 ms', async (t) => {
      const harness = await startWithSecret(t, pageSizes);
      harness.faults.add({ behaviour: { kind: 'hang' } });
      await assert.rejects(begin(harness, { requestOptions: { timeout: 1 } }), { name: 'AbortError' });
    });
  });
}
