import { PassThrough } from 'node:stream';
import { spec } from 'node:test/reporters';
import type { TestGroup } from './groups.ts';
import type { TestEvent } from './run-groups.ts';

/** A test file that has ended. */
export interface EndedFile {
  readonly file: string;
  readonly seconds: number;
}

const shownSlowest = 10;

/** Tells of the tests as they run: a line for a file; at the end what failed, in full, the slowest files and a sum. */
export class TestReport {
  readonly ended: EndedFile[] = [];
  readonly #began = performance.now();
  readonly #isVerbose: boolean;
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };
  /** What no test tells of. */
  readonly #faults: string[] = [];
  /** How many passed in the file that a group is at. */
  readonly #passedIn = new Map<TestGroup, number>();
  readonly #events = new PassThrough({ objectMode: true });
  readonly #printed: Promise<void>;

  /** @param isVerbose a line for each test, too */
  constructor(isVerbose: boolean) {
    this.#isVerbose = isVerbose;
    this.#printed = print(this.#events.compose(new spec()));
  }

  get hasFailed(): boolean {
    return this.#counts.failed > 0 || this.#faults.length > 0;
  }

  /** Takes what the process of a group tells. */
  take(event: TestEvent, group: TestGroup): void {
    const { type, data } = event;
    if (type === 'test:stdout' || type === 'test:stderr') this.#events.write(event);
    // A process's own, such as an error that was thrown after its test; without a file stand the sums.
    else if (type === 'test:diagnostic' && data.file !== undefined) this.#events.write(event);
    else if (type === 'test:start' && this.#isVerbose) this.#events.write(event);
    else if (type === 'test:pass' || type === 'test:fail') {
      if (data.nesting > 0) this.#takeTest(event, group);
      else if (group.files.includes(data.name)) this.#takeFile(event, group);
      else if (type === 'test:fail') this.#takeProcess(event, group);
    }
  }

  /** To be called when a group's process has ended. */
  end(group: TestGroup): void {
    const known = new Set(this.ended.map(({ file }) => file));
    const [open, ...later] = group.files.filter((file) => !known.has(file));
    if (open === undefined) return;
    const after = later.length === 0 ? '' : `; after it were not run: ${later.join(', ')}`;
    this.#faults.push(`${open} did not end${after}`);
  }

  /** To be called once, when all have ended. */
  async close(): Promise<void> {
    this.#events.end();
    await this.#printed;
    const slowest = this.ended.toSorted((one, other) => other.seconds - one.seconds).slice(0, shownSlowest);
    if (this.ended.length > 1) {
      console.log(`\nThe slowest files:`);
      for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
    }
    const { passed, failed, skipped } = this.#counts;
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(0);
    for (const fault of this.#faults) console.log(`\n✖ ${fault}`);
    console.log(
      `\n${passed} tests passed, ${failed} failed, ${skipped} skipped in ${this.ended.length} files and ${seconds} s`,
    );
  }

  #takeTest(event: TestEvent, group: TestGroup): void {
    const { type, data } = event;
    if (data.details?.type !== 'suite') {
      const isTolerated = data.skip !== undefined || data.todo !== undefined;
      const outcome = isTolerated ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed';
      this.#counts[outcome] += 1;
      if (outcome === 'passed') this.#passedIn.set(group, (this.#passedIn.get(group) ?? 0) + 1);
    }
    if (this.#isVerbose || type === 'test:fail') this.#events.write(event);
  }

  #takeFile(event: TestEvent, group: TestGroup): void {
    const { name: file, details } = event.data;
    this.ended.push({ file, seconds: (details?.duration_ms ?? 0) / 1000 });
    const passed = this.#passedIn.get(group) ?? 0;
    this.#passedIn.delete(group);
    if (event.type === 'test:fail' && details?.error?.failureType !== 'subtestsFailed')
      this.#counts.failed += 1;
    // The verbose reporter matches the name with that of the start.
    const name = this.#isVerbose ? file : `${file}, ${passed} passed`;
    this.#events.write({ ...event, data: { ...event.data, name } });
  }

  #takeProcess(event: TestEvent, group: TestGroup): void {
    this.#faults.push(`the process of ${group.name} failed: ${event.data.details?.error?.message}`);
  }
}

async function print(text: AsyncIterable<unknown>): Promise<void> {
  for await (const part of text) process.stdout.write(String(part));
}
