import type { RunningSweep } from '../accounts/heartbeat.ts';
import type { RefreshEnvironment } from '../refresh/environment.ts';
import { nowSeconds } from '../time.ts';
import { deadlineOf, markedUntil, runSweep } from './sweep.ts';
import type { SweepRequest } from './sweep-events.ts';
import type { SweepReport } from './sweep-report.ts';

/** What came of a request for a sweep. */
export type SweepAnswer =
  | { readonly kind: 'ended'; readonly report: SweepReport }
  /** It has joined a sweep that runs on. */
  | ({ readonly kind: 'running' } & RunningSweep);

interface WholeSweep extends RunningSweep {
  readonly report: Promise<SweepReport>;
}

/** At most one whole sweep runs in a process: who asks for another meanwhile gets the report of that one. */
export class WholeSweeps {
  #running: WholeSweep | undefined;

  /**
   * Begins a sweep of all accounts, or joins the one that runs. The timer joins none that stops redeeming before its own
   * would, because what that one leaves over would wait for the next tick; it begins its own beside it.
   *
   * @param limitSeconds in which a request on demand that has joined a sweep is answered. One that began it waits for
   * the end: its invocation keeps the process alive until all is stored.
   * @throws SweepAbortedError when a vault failed the sweep as a whole
   * @throws SweepRunningError as {@link runSweep}
   */
  async ask(
    environment: RefreshEnvironment,
    request: SweepRequest,
    limitSeconds: number,
  ): Promise<SweepAnswer> {
    const { clock, policy } = environment;
    const since = nowSeconds(clock);
    const until = markedUntil(deadlineOf(policy, request, since));
    const running = this.#running;
    const joins = running !== undefined && (request.trigger === 'on_demand' || running.until >= until);
    const sweep = joins ? running : this.#begin({ since, until }, runSweep(environment, request));
    const end = sweep.report.then((report): SweepAnswer => ({ kind: 'ended', report }));
    if (!joins || request.trigger === 'timer') return end;
    const tooLate = { kind: 'running', since: sweep.since, until: sweep.until } as const;
    return Promise.race([end, clock.sleep(limitSeconds * 1000).then(() => tooLate)]);
  }

  #begin(span: RunningSweep, work: Promise<SweepReport>): WholeSweep {
    const sweep: WholeSweep = { ...span, report: work.finally(() => this.#end(sweep)) };
    this.#running = sweep;
    return sweep;
  }

  /** Unless a later one runs beside it. */
  #end(sweep: WholeSweep): void {
    if (this.#running === sweep) this.#running = undefined;
  }
}
