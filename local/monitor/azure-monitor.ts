/**
 * The room of Azure Monitor: the deployed alert rules over the app's events, on the clock of whoever runs them.
 *
 * In: events (`workspace`, or over HTTP `in-memory-ingestion`) and the rules of `infra/alerts` (`alert-rules`,
 * compiled by `compiled-rules`). Out: notifications, fired and resolved, as `rule-evaluator` decides them. `kusto`
 * works out the queries.
 */

import { type CompiledRule, durationMilliseconds } from './compiled-rules.ts';
import { type documentedPeriodsToResolve, type Notification, RuleEvaluator } from './rule-evaluator.ts';
import type { Workspace } from './workspace.ts';

interface AzureMonitorOptions {
  readonly rules: readonly CompiledRule[];
  readonly workspace: Workspace;
  /** From when on the rules are evaluated; milliseconds since 1970. */
  readonly startMilliseconds: number;
  /** When a rule's first evaluation takes place: a share, 0 up to 1, of its frequency after the start. */
  readonly phase: (rule: CompiledRule) => number;
  /** Default: as documented. */
  readonly periodsToResolve?: typeof documentedPeriodsToResolve;
}

interface Scheduled {
  readonly evaluator: RuleEvaluator;
  readonly frequencyMilliseconds: number;
  readonly windowMilliseconds: number;
  nextAt: number;
}

/**
 * Azure Monitor's log search alerts over one workspace. assumed: each rule is evaluated at its own times, exactly one
 * frequency apart.
 */
export class AzureMonitor {
  readonly #workspace: Workspace;
  readonly #scheduled: readonly Scheduled[];

  constructor({ rules, workspace, startMilliseconds, phase, periodsToResolve }: AzureMonitorOptions) {
    this.#workspace = workspace;
    this.#scheduled = rules.map((rule) => {
      const frequencyMilliseconds = durationMilliseconds(rule.evaluationFrequency);
      return {
        evaluator: new RuleEvaluator(rule, periodsToResolve),
        frequencyMilliseconds,
        windowMilliseconds: durationMilliseconds(rule.windowSize),
        nextAt: startMilliseconds + Math.floor(frequencyMilliseconds * phase(rule)),
      };
    });
  }

  /** When a rule is evaluated next; milliseconds since 1970. */
  get nextEvaluationAt(): number {
    return Math.min(...this.#scheduled.map(({ nextAt }) => nextAt));
  }

  /** How many alerts are fired and not resolved. */
  get openAlerts(): number {
    return this.#scheduled.reduce((sum, { evaluator }) => sum + evaluator.open, 0);
  }

  /** Evaluates the rules whose time has come; to be called at each {@link nextEvaluationAt}. */
  evaluate(nowMilliseconds: number): Notification[] {
    return this.#scheduled
      .filter(({ nextAt }) => nextAt <= nowMilliseconds)
      .flatMap((scheduled) => {
        scheduled.nextAt += scheduled.frequencyMilliseconds;
        const tables = this.#workspace.tables(nowMilliseconds, scheduled.windowMilliseconds);
        return scheduled.evaluator.evaluate(tables, nowMilliseconds);
      });
  }
}
