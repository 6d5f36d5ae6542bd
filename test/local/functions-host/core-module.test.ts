import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { App, type LogLine } from '../../../local/functions-host/app.ts';
import { type CoreModule, coreModule } from '../../../local/functions-host/core-module.ts';

suite('the core module', () => {
  let app: App;
  let core: CoreModule;
  let lines: LogLine[];

  beforeEach(() => {
    lines = [];
    app = new App((line) => lines.push(line));
    core = coreModule(app);
  });

  const metadata = { name: 'tick', bindings: {} };
  const callback = () => {};

  test('takes a function under its name, and back until start-up is over', () => {
    core.registerFunction(metadata, callback).dispose();
    assert.deepEqual([...app.functions.keys()], []);
    const registration = core.registerFunction(metadata, callback);
    assert.deepEqual([...app.functions.keys()], ['tick']);
    app.locked = true;
    assert.throws(() => registration.dispose(), { message: /only be disposed during app startup/ });
  });

  test('refuses a name twice and a late function, as system errors', () => {
    core.registerFunction(metadata, callback);
    const isAzureFunctionsSystemError = true;
    assert.throws(() => core.registerFunction(metadata, callback), {
      message: 'A function with id "tick" has already been registered.',
      isAzureFunctionsSystemError,
    });
    app.locked = true;
    assert.throws(() => core.registerFunction({ ...metadata, name: 'tock' }, callback), {
      message: 'A function can only be registered during app startup.',
      isAzureFunctionsSystemError,
    });
  });

  test('runs hooks in the order of registration until they are disposed of', async () => {
    const ran: string[] = [];
    const [first] = ['first', 'second'].map((name) => core.registerHook('appStart', () => ran.push(name)));
    await app.runHooks('appStart', {});
    first?.dispose();
    first?.dispose();
    await app.runHooks('appStart', {});
    assert.deepEqual(ran, ['first', 'second', 'second']);
  });

  test('refuses a hook that does not exist', () => {
    assert.throws(() => core.registerHook('appPause', callback), {
      name: 'RangeError',
      message: 'Unrecognized hook "appPause"',
      isAzureFunctionsSystemError: true,
    });
  });

  test('lets log hooks change lines of the app, not of the system', () => {
    core.registerHook('log', (context) => Object.assign(context, { message: 'changed', level: 'error' }));
    core.log('information', 'user', 'mine');
    core.log('information', 'system', 'not mine');
    assert.deepEqual(lines, [
      { level: 'error', logCategory: 'user', message: 'changed' },
      { level: 'information', logCategory: 'system', message: 'not mine' },
    ]);
  });

  test('writes the line as it was when a log hook throws', () => {
    core.registerHook('log', (context) => {
      Object.assign(context, { message: 'changed' });
      throw new Error('hook failed');
    });
    core.log('information', 'user', 'mine');
    assert.deepEqual(lines, [{ level: 'information', logCategory: 'user', message: 'mine' }]);
  });
});
