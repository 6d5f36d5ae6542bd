/**
 * The room of the functions host: what Azure runs the app in, in this process.
 *
 * In: the app's entry points, settings and a clock. Out: HTTP front doors (`front-door`), timers that fire on
 * schedule (`scheduler`), and the log. The app's own library `@azure/functions` talks to it through `core-module`,
 * as it does to the real worker; `platform-sign-in` stands in for the platform's authentication.
 */

import type { Clock } from '../../src/time.ts';
import { App, type LogLine, type RegisteredFunction } from './app.ts';
import { provideCoreModule } from './core-module.ts';
import type { FunctionBinding } from './core-types.ts';
import { asError, FunctionsHostError } from './error.ts';
import { type FrontDoor, type FrontDoorOptions, openFrontDoor } from './front-door.ts';
import { type HttpInvocationRequest, type HttpInvocationResponse, invokeHttp } from './http.ts';
import { type Invocation, invoke, triggerOf } from './invocation.ts';
import { type RequestLimits, requestLimits } from './request-limits.ts';
import { parseRoute } from './route.ts';
import { type HostedSettings, parseSchedule, resolveSettings, type TimerSchedule } from './schedule.ts';
import { type RunningTimers, runTimers, type TimerOccurrence } from './scheduler.ts';
import { entryPointFiles, startApp } from './startup.ts';
import { timerData } from './timer-status.ts';

interface FunctionsHostOptions {
  /** Absolute paths, or patterns relative to `appDirectory` like `main` in package.json; every match is loaded. */
  readonly entryPoints: readonly string[];
  /** Default: the working directory. */
  readonly appDirectory?: string;
  /** Where `%SETTING%` in a schedule is looked up. Default: the environment. */
  readonly appSettings?: HostedSettings;
  /** What the host lets in; default: what it lets in without settings. */
  readonly requestLimits?: RequestLimits;
  /** Receives every line of log; default: nothing is written. */
  readonly log?: (line: LogLine) => void;
}

type FunctionKind = 'timer' | 'http' | 'other';

interface HostedFunction {
  readonly name: string;
  readonly kind: FunctionKind;
  /** As the library registered them, `%SETTING%` unresolved, by binding name. */
  readonly bindings: Readonly<Record<string, FunctionBinding>>;
  /** A timer's NCRONTAB expression, `%SETTING%` resolved. */
  readonly schedule?: string;
}

/** A function app running in this process. All methods reject with `stopped` once {@link stop} was called. */
export interface FunctionsHost {
  /** In the order of registration. */
  readonly functions: readonly HostedFunction[];
  /** Invokes a timer now. Rejects with what the handler threw, with `unknown-function` for a wrong name. */
  runTimer(name: string, occurrence?: TimerOccurrence): Promise<Invocation>;
  /** Invokes an HTTP function without a socket. Rejects like {@link runTimer}. */
  invokeHttp(name: string, request: HttpInvocationRequest): Promise<HttpInvocationResponse>;
  /** Serves the HTTP functions on a free port of 127.0.0.1. */
  listen(options?: FrontDoorOptions): Promise<FrontDoor>;
  /** Fires the timers on their schedules, in UTC, until stopped. Call it once. */
  startTimers(clock: Clock): RunningTimers;
  /** Ends schedules and front doors, awaits what they had begun, then runs the appTerminate hooks. Idempotent. */
  stop(): Promise<void>;
}

let startedWith: readonly string[] | undefined;

/**
 * Loads a function app through the real `@azure/functions` library, standing in for the Azure Functions worker
 * and host. ES modules (TypeScript too) and CommonJS bundles both work.
 *
 * The library and the function files are module singletons, so a process hosts one app and starts it once; a
 * second call throws `already-started`, after a failed start or a stop too. Throws {@link FunctionsHostError}.
 *
 * Not covered: retry policies, triggers other than timer and HTTP, HTTP streaming, cookies, function timeouts,
 * and everything that lies between processes (gRPC, leases, stored schedule status, scaling).
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const appDirectory = options.appDirectory ?? process.cwd();
  const files = entryPointFiles(options.entryPoints, appDirectory);
  claimProcess(files);
  const app = new App(options.log ?? (() => {}));
  provideCoreModule(app);
  await startApp(app, files, appDirectory);
  const limits = options.requestLimits ?? requestLimits({}, undefined);
  return new Host(app, schedules(app, options.appSettings ?? process.env), limits);
}

function claimProcess(files: readonly string[]): void {
  if (startedWith !== undefined) {
    throw new FunctionsHostError(
      'already-started',
      `this process has started the app of ${startedWith.join(', ')}; start ${files.join(', ')} in another one`,
    );
  }
  startedWith = files;
}

function kindOf(target: RegisteredFunction): FunctionKind {
  const type = triggerOf(target)[1].toLowerCase();
  if (type === 'timertrigger') return 'timer';
  return type === 'httptrigger' ? 'http' : 'other';
}

function triggerBinding(target: RegisteredFunction): Readonly<Record<string, unknown>> {
  return target.metadata.bindings[triggerOf(target)[0]] ?? {};
}

/**
 * A timer whose schedule cannot be read has none: the host starts without that one function and says so in its log.
 * assumed: the wording of that line.
 */
function schedules(app: App, settings: HostedSettings): ReadonlyMap<string, TimerSchedule> {
  const timers = [...app.functions].filter(([, target]) => kindOf(target) === 'timer');
  return new Map(
    timers.flatMap(([name, target]) => {
      try {
        const expression = resolveSettings(String(triggerBinding(target)['schedule']), settings, name);
        return [[name, parseSchedule(expression, name)] as const];
      } catch (error) {
        const message = `The '${name}' function is in error: ${asError(error).message}`;
        app.log({ level: 'error', logCategory: 'system', category: `Function.${name}`, message });
        return [];
      }
    }),
  );
}

/**
 * By name, ordinal, ignoring case, as the host builds its routes (azure-functions-host:
 * FunctionMetadataManager.GetFunctionMetadata). Nothing prefers a literal segment: the first route that fits takes the request
 * (azure-functions-host #3153, #9876; azure-functions-nodejs-library #300).
 */
function inHostsOrder(one: string, other: string): number {
  const [a, b] = [one.toUpperCase(), other.toUpperCase()];
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

class Host implements FunctionsHost {
  readonly functions: readonly HostedFunction[];
  readonly #app: App;
  readonly #schedules: ReadonlyMap<string, TimerSchedule>;
  readonly #limits: RequestLimits;
  readonly #frontDoors: FrontDoor[] = [];
  #timers: RunningTimers | undefined;
  #stopping: Promise<void> | undefined;

  constructor(app: App, schedules: ReadonlyMap<string, TimerSchedule>, limits: RequestLimits) {
    this.#app = app;
    this.#limits = limits;
    this.#schedules = schedules;
    this.functions = [...app.functions].map(([name, target]) => {
      const schedule = schedules.get(name)?.expression;
      const { bindings } = target.metadata;
      return { name, kind: kindOf(target), bindings, ...(schedule === undefined ? {} : { schedule }) };
    });
  }

  async runTimer(name: string, occurrence: TimerOccurrence = {}): Promise<Invocation> {
    this.#refuseWhenStopped();
    return this.#invokeTimer(name, occurrence);
  }

  async invokeHttp(name: string, request: HttpInvocationRequest): Promise<HttpInvocationResponse> {
    this.#refuseWhenStopped();
    return invokeHttp(this.#app, this.#find(name, 'http'), request);
  }

  async listen(options: FrontDoorOptions = {}): Promise<FrontDoor> {
    this.#refuseWhenStopped();
    const endpoints = this.#named('http')
      .toSorted(inHostsOrder)
      .map((name) => this.#endpoint(name));
    const frontDoor = await openFrontDoor(endpoints, this.#limits, options);
    this.#frontDoors.push(frontDoor);
    return frontDoor;
  }

  startTimers(clock: Clock): RunningTimers {
    this.#refuseWhenStopped();
    if (this.#timers !== undefined) throw new FunctionsHostError('already-started', 'the timers are running');
    const timers = [...this.#schedules].map(([name, schedule]) => ({
      schedule,
      useMonitor: triggerBinding(this.#find(name, 'timer'))['useMonitor'],
      run: (occurrence: TimerOccurrence) => this.#invokeTimer(name, occurrence),
      onFailure: (error: unknown) => this.#logFailure(name, error),
    }));
    this.#timers = runTimers(timers, clock);
    return this.#timers;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#timers?.stop();
    await Promise.all(this.#frontDoors.map((frontDoor) => frontDoor.close()));
    const { appLevelHookData: hookData, appHookData } = this.#app;
    await this.#app.runHooks('appTerminate', { hookData, appHookData });
  }

  async #invokeTimer(
    name: string,
    { isPastDue = false, scheduleStatus }: TimerOccurrence,
  ): Promise<Invocation> {
    const target = this.#find(name, 'timer');
    if (!this.#schedules.has(name))
      throw new FunctionsHostError('disabled', `the function "${name}" is in error; the log says why`);
    return invoke(this.#app, target, timerData(isPastDue, scheduleStatus));
  }

  #endpoint(name: string) {
    const target = this.#find(name, 'http');
    const { route, methods, authLevel } = triggerBinding(target);
    return {
      route: parseRoute(typeof route === 'string' ? route : name, name),
      methods: Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : [],
      keyed: authLevel !== 'anonymous',
      invoke: (request: HttpInvocationRequest) => invokeHttp(this.#app, target, request),
      onFailure: (error: unknown) => this.#logFailure(name, error),
    };
  }

  #named(kind: FunctionKind): string[] {
    return this.functions.filter((hosted) => hosted.kind === kind).map(({ name }) => name);
  }

  #find(name: string, kind: FunctionKind): RegisteredFunction {
    const target = this.#app.functions.get(name);
    if (target === undefined || kindOf(target) !== kind) {
      const known = this.#named(kind).join(', ') || 'none';
      throw new FunctionsHostError('unknown-function', `no ${kind} function "${name}"; registered: ${known}`);
    }
    return target;
  }

  // assumed: the wording; the real host reports message and stack, as here.
  #logFailure(name: string, error: unknown): void {
    const { message, stack = message } = asError(error);
    this.#app.log({
      level: 'error',
      logCategory: 'system',
      category: `Function.${name}`,
      message: `Executed 'Functions.${name}' (Failed): ${stack}`,
    });
  }

  #refuseWhenStopped(): void {
    if (this.#stopping !== undefined) throw new FunctionsHostError('stopped', 'the host has been stopped');
  }
}
