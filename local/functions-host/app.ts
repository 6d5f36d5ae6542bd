import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookData,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';

/** One line of log, as the worker would send it to the host. */
export interface LogLine {
  readonly level: LogLevel;
  readonly logCategory: LogCategory;
  /** `<function>.Invocation` for everything written during an invocation, absent otherwise. */
  readonly category?: string;
  readonly invocationId?: string;
  readonly message: string;
}

/** What a line needs to know of the invocation it belongs to. */
export interface InvocationLogContext {
  readonly hookData: HookData;
  readonly invocationContext: object | undefined;
}

export const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof hookNames)[number];

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** What the loaded function files have registered. */
export class App {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly hooks: Readonly<Record<HookName, HookCallback[]>> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  /** Shared by all hooks. */
  readonly appHookData: HookData = {};
  /** Shared by appStart and appTerminate only. */
  readonly appLevelHookData: HookData = {};
  programmingModel: ProgrammingModel | undefined;
  /** True once start-up is over and functions can neither come nor go. */
  locked = false;
  readonly #write: (line: LogLine) => void;

  constructor(write: (line: LogLine) => void) {
    this.#write = write;
  }

  /** Runs the hooks one after the other in the order of registration; the first that throws ends it. */
  async runHooks(name: HookName, context: object): Promise<void> {
    for (const hook of [...this.hooks[name]]) await hook(context);
  }

  /**
   * Passes a line through the log hooks to the host. Hooks can change level and message of the app's own lines
   * only, and a hook that throws loses nothing (worker: WorkerContext.log).
   */
  log(line: LogLine, invocation?: InvocationLogContext): void {
    const context = {
      level: line.level,
      message: line.message,
      category: line.logCategory,
      hookData: invocation?.hookData ?? {},
      appHookData: this.appHookData,
      invocationContext: invocation?.invocationContext,
    };
    this.#write(this.#runLogHooks(context) && line.logCategory === 'user' ? changed(line, context) : line);
  }

  #runLogHooks(context: object): boolean {
    try {
      for (const hook of this.hooks.log) hook(context);
      return true;
    } catch {
      return false;
    }
  }
}

function changed(line: LogLine, context: Pick<LogLine, 'level' | 'message'>): LogLine {
  return { ...line, level: context.level, message: context.message };
}
