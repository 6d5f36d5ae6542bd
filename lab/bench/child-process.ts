import { type ChildProcess, fork } from 'node:child_process';
import { runtimeEnvironment } from '../../local/own-process.ts';

/** What a child process can be asked for, by name. Arguments and results travel as JSON. */
type Procedures = { readonly [name: string]: (argument: never) => unknown };

interface ProcedureCall {
  readonly name: string;
  readonly argument: unknown;
}

type Reply = { readonly value: unknown } | { readonly error: string };

/** In the child: answers the parent's calls until it goes away. */
export function answerParent(procedures: Procedures): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ name, argument }: ProcedureCall) => {
    process.send?.(await replyTo(procedures[name], argument));
  });
}

async function replyTo(procedure: Procedures[string] | undefined, argument: unknown): Promise<Reply> {
  try {
    return { value: await procedure?.(argument as never) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** In the parent: a child process with nothing of the shell's, asked one thing at a time; ends with its scope. */
export class Child<P extends Procedures> implements Disposable {
  readonly #process: ChildProcess;
  #settle: ((reply: Reply) => void) | undefined;

  /** @param entry the child's file, which calls {@link answerParent} */
  constructor(entry: URL) {
    this.#process = fork(entry, { execArgv: [], env: runtimeEnvironment(process.env) });
    this.#process.on('message', (reply: Reply) => this.#settle?.(reply));
    this.#process.on('exit', (code) => this.#settle?.({ error: `${entry.pathname} ended with ${code}` }));
  }

  /** Rejects with what the procedure threw, or when the child has ended. */
  async call<N extends keyof P & string>(
    name: N,
    argument: Parameters<P[N]>[0],
  ): Promise<Awaited<ReturnType<P[N]>>> {
    const reply = await new Promise<Reply>((resolve) => {
      this.#settle = resolve;
      this.#process.send({ name, argument }, (error) => error && resolve({ error: error.message }));
    });
    if ('error' in reply) throw new Error(reply.error);
    return reply.value as Awaited<ReturnType<P[N]>>;
  }

  [Symbol.dispose](): void {
    if (this.#process.connected) this.#process.disconnect();
  }
}
