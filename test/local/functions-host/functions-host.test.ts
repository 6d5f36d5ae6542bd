import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { app } from '@azure/functions';
import { startFunctionsHost } from '../../../local/functions-host/functions-host.ts';
import { VirtualClock } from '../../../local/virtual-clock.ts';
import { behaviour, observed } from '../../fixtures/functions/observed.ts';
import { hooksAtStart, host, lines, shareHost } from './shared-host.ts';

shareHost();

suite('a started host', () => {
  test('has run the appStart hook once', () => {
    assert.deepEqual(hooksAtStart, ['appStart']);
  });

  test('has exactly the registered functions, in the order of their files', () => {
    assert.deepEqual(
      host.functions.map(({ name, kind, schedule }) => ({ name, kind, schedule })),
      [
        { name: 'greet', kind: 'http', schedule: undefined },
        { name: 'health', kind: 'http', schedule: undefined },
        { name: 'fail', kind: 'http', schedule: undefined },
        { name: 'tick', kind: 'timer', schedule: '0 */30 * * * *' },
      ],
    );
  });

  test('shows the bindings as the library registered them', () => {
    const byName = new Map(host.functions.map(({ name, bindings }) => [name, Object.values(bindings)]));
    const [timer] = byName.get('tick') ?? [];
    assert.equal(timer?.type, 'timerTrigger');
    assert.equal(timer?.direction, 'in');
    assert.equal(timer?.['schedule'], '%TICK_SCHEDULE%');
    const [trigger, output] = byName.get('greet') ?? [];
    assert.equal(trigger?.type, 'httpTrigger');
    assert.equal(trigger?.['route'], 'people/{person}/greeting');
    assert.deepEqual(trigger?.['methods'], ['POST']);
    assert.equal(trigger?.['authLevel'], 'function');
    assert.equal(output?.type, 'http');
    assert.equal(output?.direction, 'out');
  });

  test('refuses further registrations', () => {
    assert.throws(() => app.timer('late', { schedule: '0 0 * * * *', handler: async () => {} }), {
      message: 'A function can only be registered during app startup.',
    });
    assert.throws(() => app.setup({ enableHttpStream: true }), /after app startup has finished/);
  });

  test('cannot be started a second time in the process', async () => {
    await assert.rejects(startFunctionsHost({ entryPoints: ['test/fixtures/functions/faulty/nothing.ts'] }), {
      code: 'already-started',
      message: /app\/greet\.ts.*start .*faulty\/nothing\.ts in another one/,
    });
  });
});

suite('a timer', () => {
  test('receives the data of the occurrence, in camel case', async () => {
    const scheduleStatus = {
      last: '2026-03-01T00:00:00.000Z',
      next: '2026-03-01T00:30:00.000Z',
      lastUpdated: '2026-03-01T00:00:00.000Z',
    };
    await host.runTimer('tick', { isPastDue: true, scheduleStatus });
    assert.deepEqual(observed.timers[0]?.timer, {
      schedule: { adjustForDST: true },
      scheduleStatus,
      isPastDue: true,
    });
  });

  test('is on time and has no schedule status unless told otherwise', async () => {
    await host.runTimer('tick');
    const expected = { schedule: { adjustForDST: true }, scheduleStatus: null, isPastDue: false };
    assert.deepEqual(observed.timers[0]?.timer, expected);
  });

  test('receives a context of its own invocation', async () => {
    const { invocationId } = await host.runTimer('tick');
    const { invocationId: other } = await host.runTimer('tick');
    const [first, second] = observed.timers.map(({ context }) => context);
    assert.deepEqual([first?.functionName, first?.invocationId], ['tick', invocationId]);
    assert.equal(second?.invocationId, other);
    assert.notEqual(invocationId, other);
    assert.match(first?.traceContext?.traceParent ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test('gives its result', async () => {
    behaviour.tick = async () => ({ refreshed: 3 });
    const { result, response } = await host.runTimer('tick');
    assert.deepEqual(result, { refreshed: 3 });
    assert.deepEqual(response.returnValue, { json: '{"refreshed":3}' });
  });

  test('rejects with the error that its handler throws', async () => {
    const error = new Error('vault unreachable');
    behaviour.tick = async () => {
      throw error;
    };
    await assert.rejects(host.runTimer('tick'), (thrown) => thrown === error);
  });

  test('rejects with an Error when its handler throws something else', async () => {
    for (const [thrown, message] of [
      ['a text', 'a text'],
      [{ code: 7 }, '{"code":7}'],
    ] as const) {
      behaviour.tick = () => Promise.reject(thrown);
      await assert.rejects(host.runTimer('tick'), { name: 'Error', message });
    }
  });

  test('counts a thrown null as success, as the worker does', async () => {
    behaviour.tick = () => Promise.reject(null);
    assert.equal((await host.runTimer('tick')).result, null);
  });

  test('that does not exist is refused by name, like a function of another kind', async () => {
    for (const name of ['tock', 'greet']) {
      await assert.rejects(host.runTimer(name), {
        code: 'unknown-function',
        message: `no timer function "${name}"; registered: tick`,
      });
    }
  });

  test('fires on its schedule', async () => {
    const clock = new VirtualClock(Date.parse('2026-03-01T00:12:00Z'));
    behaviour.tick = () => Promise.reject(new Error('vault unreachable'));
    const timers = host.startTimers(clock);
    await clock.moveTo(Date.parse('2026-03-01T01:00:00Z'));
    assert.throws(() => host.startTimers(clock), { code: 'already-started' });
    await timers.stop();
    assert.deepEqual(
      observed.timers.map(({ timer }) => [timer.scheduleStatus.next, timer.isPastDue]),
      [
        ['2026-03-01T00:30:00.000Z', false],
        ['2026-03-01T01:00:00.000Z', false],
      ],
    );
    assert.equal(lines.length, 2);
    assert.match(
      lines[0]?.message ?? '',
      /^Executed 'Functions\.tick' \(Failed\): Error: vault unreachable\n/,
    );
    assert.equal(lines[0]?.level, 'error');
  });
});

suite('the log', () => {
  test('receives what the context writes, with level, category and invocation', async () => {
    behaviour.tick = async (context) => {
      context.log('refreshed %d of %d', 2, 3);
      context.warn('one is due');
    };
    const { invocationId } = await host.runTimer('tick');
    const common = { logCategory: 'user', category: 'tick.Invocation', invocationId };
    assert.deepEqual(lines, [
      { ...common, level: 'information', message: 'refreshed 2 of 3' },
      { ...common, level: 'warning', message: 'one is due' },
    ]);
  });

  test('passes through the log hooks', async () => {
    behaviour.tick = async (context) => context.log('whisper');
    await host.runTimer('tick');
    assert.equal(lines[0]?.message, 'WHISPER');
    assert.deepEqual(observed.loggedIn, ['tick']);
  });

  test('hears an invocation until it ends and no longer', async () => {
    behaviour.tick = async (context) => context.log('in time');
    await host.runTimer('tick');
    observed.timers[0]?.context.log('too late');
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['in time'],
    );
  });
});

suite('the invocation hooks', () => {
  test('run around the handler and share their data', async () => {
    behaviour.tick = async () => observed.hooks.push('handler');
    await host.runTimer('tick');
    assert.deepEqual(observed.hooks, ['preInvocation', 'handler', 'postInvocation of tick']);
  });

  test('can replace the result', async () => {
    behaviour.tick = async () => 1;
    behaviour.afterInvocation = (context) => {
      context.result = [context.result, 'replaced'];
    };
    assert.deepEqual((await host.runTimer('tick')).result, [1, 'replaced']);
  });

  test('can replace inputs and handler', async () => {
    behaviour.beforeInvocation = (context) => {
      context.inputs = ['other input'];
      const handler = context.functionHandler;
      context.functionHandler = async (...args: unknown[]) => [args[0], typeof handler];
    };
    assert.deepEqual((await host.runTimer('tick')).result, ['other input', 'function']);
    assert.deepEqual(observed.timers, []);
  });

  test('can replace inputs alone', async () => {
    behaviour.beforeInvocation = (context) => {
      context.inputs = ['other input'];
    };
    await host.runTimer('tick');
    assert.deepEqual(
      observed.timers.map(({ timer }) => timer),
      ['other input'],
    );
  });

  test('can forgive an error', async () => {
    behaviour.tick = () => Promise.reject(new Error('forgiven'));
    behaviour.afterInvocation = (context) => {
      context.error = null;
    };
    await host.runTimer('tick');
  });

  test('fail the invocation when they throw, one before it keeps the handler from running', async () => {
    behaviour.afterInvocation = () => {
      throw new Error('hook failed');
    };
    await assert.rejects(host.runTimer('tick'), /hook failed/);
    assert.equal(observed.timers.length, 1);
    behaviour.beforeInvocation = () => {
      throw new Error('first hook failed');
    };
    await assert.rejects(host.runTimer('tick'), /first hook failed/);
    assert.equal(observed.timers.length, 1);
  });

  test('can log after the handler', async () => {
    behaviour.afterInvocation = (context) => context.invocationContext.log('done');
    await host.runTimer('tick');
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['done'],
    );
  });
});
