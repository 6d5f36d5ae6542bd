import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, afterEach, before } from 'node:test';
import { type LocalEnvironment, startLocalEnvironment } from '../../local/local-environment.ts';
import { SkippingClock } from '../../local/skipping-clock.ts';
import { runCli } from '../../src/cli/cli.ts';
import { secretValues } from '../support/vault-values.ts';

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  readonly json: <T = Record<string, unknown>>() => T;
}

/** A stream that keeps what is written to it. */
export class Capture extends PassThrough {
  text = '';

  constructor(isTTY: boolean, columns = 160) {
    super();
    Object.assign(this, { isTTY, columns });
    this.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
    });
  }

  /** Standard streams are never ended by what is piped into them. */
  override end(): this {
    return this;
  }

  /** Resolves with the first match in what was and will be written. */
  async seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.text);
      if (found !== null) return found;
      await new Promise((resolve) => this.once('data', resolve));
    }
  }
}

export interface Person {
  /** What is typed or piped in; each entry answers one question. */
  readonly input?: readonly (string | Buffer)[];
  /** Somebody sits at a terminal; default false. */
  readonly terminal?: boolean;
  /** Of the terminal; default 160. */
  readonly columns?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** The command line against the local environment, in this process. */
export class CommandLine {
  local!: LocalEnvironment;
  readonly clock = new SkippingClock();
  /** Everything that any command has printed. */
  readonly printed: string[] = [];

  get world() {
    return this.local.world;
  }

  /** Starts a command; `done` resolves at its end. */
  start(line: string | readonly string[], person: Person = {}) {
    const { input = [], terminal = false, columns, env = {} } = person;
    const args = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
    const capture = () => new Capture(terminal, columns);
    const streams = { input: new PassThrough(), output: capture(), error: capture() };
    Object.assign(streams.input, { isTTY: terminal });
    const settings = { PUBLIC_URL: 'https://refresher.example', ...this.local.appSettings, ...env };
    const { clock } = this;
    if (terminal) void this.#type(streams.input, streams.error, input);
    else streams.input.end(Buffer.concat(input.map((part) => Buffer.from(part as string))));
    const done = runCli(args, { streams, env: settings, clock }).then((exitCode): Ran => {
      // How long a command takes depends on the machine, and so does whether it says what it waits for.
      const [out, err] = [streams.output.text, streams.error.text.replace(/^[^\n]* …\n/gm, '')];
      this.printed.push(out, err);
      return { exitCode, out, err, json: () => JSON.parse(out) };
    });
    return { ...streams, done };
  }

  registrations(id: string) {
    return this.world.credentials.versionsOf(`account-${id}`);
  }

  /** The newest registration as an operator wrote it. */
  registrationOf(id: string) {
    return JSON.parse(this.registrations(id).at(-1)?.value.reveal() ?? '{}');
  }

  run(line: string | readonly string[], person: Person = {}): Promise<Ran> {
    return this.start(line, person).done;
  }

  /** Answers each question when it is asked and the one before is settled. */
  async #type(input: PassThrough, asked: Capture, answers: readonly (string | Buffer)[]): Promise<void> {
    for (const [settled, answer] of answers.entries()) {
      await asked.seen(new RegExp(`^(?:[^✔]*✔){${settled}}[^✔]*\\? `));
      input.write(`${answer}\n`);
    }
  }

  /** No secret of either vault stands in anything that was printed. */
  assertNothingLeaked(): void {
    const printed = this.printed.join('\n');
    const secrets = secretValues(this.world).filter((secret) => secret.length > 12);
    assert.ok(secrets.length > 0, 'there are secrets to leak');
    for (const secret of secrets) assert.ok(!printed.includes(secret), 'a secret was printed');
  }
}

/** One local environment for the tests of a file, without faults at the start of each; what they printed is searched for secrets at the end. */
export function commandLine(prepare: (cli: CommandLine) => void): CommandLine {
  const cli = new CommandLine();
  const environment = { ...process.env };
  before(async () => {
    // A minute before a tick, so that what is due does not depend on when the test runs.
    const halfHour = 1_800_000;
    cli.clock.moveTo(Math.ceil((cli.clock.nowMilliseconds() + 60_000) / halfHour) * halfHour - 60_000);
    cli.local = await startLocalEnvironment({ clock: cli.clock });
    Object.assign(process.env, cli.local.appSettings);
    prepare(cli);
  });
  afterEach(() => {
    for (const faults of [cli.world.credentialsFaults, cli.world.tokensFaults, cli.world.entraFaults])
      faults.clear();
  });
  after(async () => {
    cli.assertNothingLeaked();
    await cli.local.close();
    process.env = environment;
  });
  return cli;
}

/** Every command of the command line. */
export const commands = [
  ...['show', 'list', 'add', 'update', 'pause', 'resume', 'remove'].map((what) => `account ${what}`),
  ...['consent', 'plan', 'refresh', 'status', 'doctor', 'export', 'import'],
];
