import { registerHooks } from 'node:module';
import { type App, type HookName, hookNames } from './app.ts';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';

const specifier = '@azure/functions-core';
const moduleUrl = 'local-functions-host:core';
const globalKey = 'local-functions-host.core';

/** The worker whose behaviour is reproduced; the library shows it in messages only. */
const workerVersion = '3.12.0';
const hostVersion = '4.1052.200';

// The library tells system errors from the app's own by this property (worker: errors.ts).
function systemError<E extends Error>(error: E): E {
  return Object.assign(error, { isAzureFunctionsSystemError: true });
}

/** Undoes a registration, once. */
class Disposable {
  #dispose: (() => void) | undefined;

  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose?.();
    this.#dispose = undefined;
  }
}

function registerFunction(app: App, metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (app.locked) throw systemError(new Error('A function can only be registered during app startup.'));
  const functionId = metadata.functionId ?? metadata.name;
  if (app.functions.has(functionId)) {
    throw systemError(new Error(`A function with id "${functionId}" has already been registered.`));
  }
  app.functions.set(functionId, { metadata: { ...metadata, functionId }, callback });
  return new Disposable(() => {
    if (app.locked) throw systemError(new Error('A function can only be disposed during app startup.'));
    app.functions.delete(functionId);
  });
}

function isHookName(name: string): name is HookName {
  return hookNames.some((known) => known === name);
}

function registerHook(app: App, name: string, callback: HookCallback): Disposable {
  if (!isHookName(name)) throw systemError(new RangeError(`Unrecognized hook "${name}"`));
  const hooks = app.hooks[name];
  hooks.push(callback);
  return new Disposable(() => {
    const index = hooks.indexOf(callback);
    if (index >= 0) hooks.splice(index, 1);
  });
}

/** What the library finds in `@azure/functions-core`. */
export interface CoreModule {
  readonly version: string;
  readonly hostVersion: string;
  readonly Disposable: typeof Disposable;
  setProgrammingModel(model: ProgrammingModel): void;
  getProgrammingModel(): ProgrammingModel | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
  registerHook(name: string, callback: HookCallback): Disposable;
  registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable;
}

/** The object that `require('@azure/functions-core')` gives the library (worker: setupCoreModule). */
export function coreModule(app: App): CoreModule {
  return {
    version: workerVersion,
    hostVersion,
    Disposable,
    setProgrammingModel: (model) => {
      app.programmingModel = model;
    },
    getProgrammingModel: () => app.programmingModel,
    log: (level, logCategory, message) => app.log({ level, logCategory, message }),
    registerHook: (name, callback) => registerHook(app, name, callback),
    registerFunction: (metadata, callback) => registerFunction(app, metadata, callback),
  };
}

/**
 * Makes `@azure/functions-core` resolvable in this process, for `require` and `import` alike. It must happen
 * before the first registration: the library looks for the module once and remembers that it was missing.
 */
export function provideCoreModule(app: App): void {
  Reflect.set(globalThis, Symbol.for(globalKey), coreModule(app));
  registerHooks({
    resolve: (wanted, context, next) =>
      wanted === specifier
        ? { url: moduleUrl, format: 'commonjs', shortCircuit: true }
        : next(wanted, context),
    load: (url, context, next) =>
      url === moduleUrl
        ? {
            format: 'commonjs',
            source: `module.exports = globalThis[Symbol.for('${globalKey}')];`,
            shortCircuit: true,
          }
        : next(url, context),
  });
}
