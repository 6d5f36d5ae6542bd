import { randomBytes, randomUUID } from 'node:crypto';
import type { App, InvocationLogContext, RegisteredFunction } from './app.ts';
import type {
  CoreInvocationContext,
  FunctionCallback,
  HookData,
  InvocationModel,
  InvocationRequest,
  InvocationResponse,
  TypedData,
} from './core-types.ts';
import { asError, FunctionsHostError } from './error.ts';

/** What one invocation came to. */
export interface Invocation {
  readonly invocationId: string;
  /** What the handler returned, or what a postInvocation hook made of it. */
  readonly result: unknown;
  /** The same as the library encodes it for the host. */
  readonly response: InvocationResponse;
}

/** The part of a binding's type that makes it a trigger (library: isTrigger). */
export function triggerOf(target: RegisteredFunction): [name: string, type: string] {
  const found = Object.entries(target.metadata.bindings).find(([, binding]) =>
    /trigger$/i.test(binding.type),
  );
  if (found === undefined) {
    throw new FunctionsHostError('unsupported', `function "${target.metadata.name}" has no trigger`);
  }
  return [found[0], found[1].type];
}

/**
 * Invokes a function the way the worker does: arguments, preInvocation hooks (which may replace inputs and
 * handler), handler, postInvocation hooks (which may replace result and error), response. Rejects with what the
 * handler threw. As in the worker, a thrown null or undefined counts as success. What the app logs afterwards is dropped:
 * the host keeps no line whose invocation is not under way (azure-functions-host: GrpcWorkerChannel.Log).
 */
export async function invoke(app: App, target: RegisteredFunction, data: TypedData): Promise<Invocation> {
  const request = invocationRequest(target, data);
  const logContext = { hookData: {}, invocationContext: undefined as object | undefined, ended: false };
  try {
    return await run(app, target, request, logContext);
  } finally {
    logContext.ended = true;
  }
}

interface LogContext extends InvocationLogContext {
  readonly hookData: HookData;
  invocationContext: object | undefined;
  /** The host has the answer. */
  ended: boolean;
}

async function run(
  app: App,
  target: RegisteredFunction,
  request: InvocationRequest,
  logContext: LogContext,
): Promise<Invocation> {
  const core = coreContext(app, target, request, logContext);
  const model = await modelFor(app, core);
  const { context, inputs } = await model.getArguments();
  logContext.invocationContext = context;

  const shared = { hookData: logContext.hookData, appHookData: app.appHookData, invocationContext: context };
  const before = { ...shared, inputs, functionCallback: target.callback };
  await during(core, 'preInvocationHooks', () => app.runHooks('preInvocation', before));

  const outcome = await during(core, 'invocation', () =>
    settle(model, context, before.inputs, before.functionCallback),
  );
  const after = { ...shared, inputs: before.inputs, ...outcome };
  await during(core, 'postInvocationHooks', () => app.runHooks('postInvocation', after));

  if (after.error !== null && after.error !== undefined) throw asError(after.error);
  const response = await model.getResponse(context, after.result);
  return { invocationId: request.invocationId, result: after.result, response };
}

async function settle(
  model: InvocationModel,
  context: object,
  inputs: unknown[],
  callback: FunctionCallback,
): Promise<{ result: unknown; error: unknown }> {
  try {
    return { result: await model.invokeFunction(context, inputs, callback), error: null };
  } catch (error) {
    return { result: null, error };
  }
}

async function during<T>(
  core: CoreInvocationContext,
  state: NonNullable<CoreInvocationContext['state']>,
  act: () => Promise<T>,
): Promise<T> {
  core.state = state;
  try {
    return await act();
  } finally {
    core.state = undefined;
  }
}

function invocationRequest(target: RegisteredFunction, data: TypedData): InvocationRequest {
  const { name, functionId = name } = target.metadata;
  const [triggerName] = triggerOf(target);
  return {
    invocationId: randomUUID(),
    functionId,
    inputData: [{ name: triggerName, data }],
    // The library ignores it for timer and HTTP triggers (fromRpcTriggerMetadata).
    triggerMetadata: {},
    // assumed: the host starts a new, sampled trace for an invocation without a caller.
    traceContext: {
      traceParent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
      traceState: '',
    },
  };
}

function coreContext(
  app: App,
  target: RegisteredFunction,
  request: InvocationRequest,
  logContext: LogContext,
): CoreInvocationContext {
  const { invocationId } = request;
  const category = `${target.metadata.name}.Invocation`;
  return {
    invocationId,
    metadata: target.metadata,
    request,
    state: undefined,
    log: (level, logCategory, message) => {
      if (logContext.ended) return;
      app.log({ level, logCategory, category, invocationId, message }, logContext);
    },
  };
}

async function modelFor(app: App, core: CoreInvocationContext): Promise<InvocationModel> {
  if (app.programmingModel === undefined) {
    throw new FunctionsHostError('no-functions', 'no programming model was registered');
  }
  return app.programmingModel.getInvocationModel(core);
}
