import { type CompiledRule, durationMilliseconds } from './compiled-rules.ts';
import type { TableRow, Tables } from './kusto/values.ts';

/** What the action group is told. */
export interface Notification {
  readonly rule: CompiledRule;
  readonly kind: 'fired' | 'resolved';
  readonly atMilliseconds: number;
  /** By column; what tells one alert of the rule from another. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** The value that was compared with the threshold; none where the alert is resolved because its rows are gone. */
  readonly metricValue: number | undefined;
}

interface Series {
  readonly dimensions: Readonly<Record<string, string>>;
  /** Undefined where there is no row to take a measure from. */
  readonly value: number | undefined;
}

interface Alert {
  readonly dimensions: Series['dimensions'];
  /** Evaluations in a row that did not meet the condition. */
  unmet: number;
}

/**
 * In how many evaluations in a row the condition must be unmet before an alert resolves, by the minutes between two
 * evaluations (Azure Monitor: stateful alerts, `alerts-overview`).
 *
 * assumed: three at exactly 15 minutes, which the documented ranges "5 to 15" and "15 minutes to 11 hours" both hold;
 * two have been seen there
 */
export function documentedPeriodsToResolve(frequencyMinutes: number): number {
  if (frequencyMinutes < 5) return Math.ceil(10 / frequencyMinutes);
  if (frequencyMinutes <= 15) return 3;
  return frequencyMinutes < 11 * 60 ? 2 : 1;
}

/** A column that tells when rows belong to different points of time. */
const timeColumn = 'TimeGenerated';

/**
 * One alert rule at work: runs its query, splits the rows by dimensions, compares, and remembers what has fired.
 *
 * assumed: an empty dimension is a value like any other; a measure without rows meets no condition; a rule without
 * dimensions that counts has one series even without rows; the evaluation is not repeated for what arrives late
 */
export class RuleEvaluator {
  readonly rule: CompiledRule;
  readonly #periodsToResolve: number;
  readonly #alerts = new Map<string, Alert>();

  /** @throws RangeError when the query has no column for a dimension or the measure, or would split by time */
  constructor(rule: CompiledRule, periodsToResolve = documentedPeriodsToResolve) {
    this.rule = rule;
    this.#periodsToResolve = periodsToResolve(durationMilliseconds(rule.evaluationFrequency) / 60_000);
    const columns = rule.query.columns.map(({ name }) => name);
    const wanted = [...rule.dimensions, ...(rule.measure === undefined ? [] : [rule.measure])];
    const missing = wanted.filter((column) => !columns.includes(column));
    if (missing.length > 0) throw new RangeError(`the query of "${rule.name}" has no ${missing.join(', ')}`);
    if (columns.includes(timeColumn)) throw new RangeError(`the query of "${rule.name}" has ${timeColumn}`);
  }

  /** How many alerts are fired and not resolved. */
  get open(): number {
    return this.#alerts.size;
  }

  evaluate(tables: Tables, atMilliseconds: number): Notification[] {
    const series = seriesOf(this.rule, this.rule.query.run(tables, new Date(atMilliseconds)));
    const met = new Map([...series].filter(([, { value }]) => meets(this.rule, value)));
    const notify = (kind: Notification['kind'], { dimensions, value }: Series): Notification => ({
      rule: this.rule,
      kind,
      atMilliseconds,
      dimensions,
      metricValue: value,
    });
    if (!this.rule.stateful) return [...met.values()].map((one) => notify('fired', one));
    const resolved = this.#resolve(met).map(([key, { dimensions }]) =>
      notify('resolved', { dimensions, value: series.get(key)?.value }),
    );
    const fired = this.#fire(met).map((one) => notify('fired', one));
    return [...fired, ...resolved];
  }

  /** Remembers what is new. */
  #fire(met: ReadonlyMap<string, Series>): Series[] {
    const fresh: Series[] = [];
    for (const [key, series] of met) {
      if (this.#alerts.has(key)) continue;
      this.#alerts.set(key, { dimensions: series.dimensions, unmet: 0 });
      fresh.push(series);
    }
    return fresh;
  }

  /** Forgets what has been unmet for long enough. */
  #resolve(met: ReadonlyMap<string, Series>): [key: string, alert: Alert][] {
    const over: [string, Alert][] = [];
    for (const [key, alert] of this.#alerts) {
      alert.unmet = met.has(key) ? 0 : alert.unmet + 1;
      if (alert.unmet >= this.#periodsToResolve) over.push([key, alert]);
    }
    for (const [key] of over) this.#alerts.delete(key);
    return over;
  }
}

function seriesOf(rule: CompiledRule, rows: readonly TableRow[]): Map<string, Series> {
  const groups = new Map<string, TableRow[]>(rule.dimensions.length === 0 ? [['[]', []]] : []);
  for (const row of rows) {
    const key = JSON.stringify(rule.dimensions.map((column) => text(row[column])));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return new Map(
    [...groups].map(([key, group]) => {
      const dimensions = rule.dimensions.map((column) => [column, text(group[0]?.[column])]);
      return [key, { dimensions: Object.fromEntries(dimensions), value: metricValueOf(rule, group) }];
    }),
  );
}

const text = (value: unknown): string => (value === null || value === undefined ? '' : String(value));

/** The greatest measure, or the count of rows. */
function metricValueOf({ measure }: CompiledRule, rows: readonly TableRow[]): number | undefined {
  if (measure === undefined) return rows.length;
  const values = rows.map((row) => row[measure]).filter((value) => typeof value === 'number');
  return values.length === 0 ? undefined : Math.max(...values);
}

function meets({ operator, threshold }: CompiledRule, value: number | undefined): boolean {
  if (value === undefined) return false;
  switch (operator) {
    case 'Equals':
      return value === threshold;
    case 'GreaterThan':
      return value > threshold;
    case 'GreaterThanOrEqual':
      return value >= threshold;
    case 'LessThan':
      return value < threshold;
    case 'LessThanOrEqual':
      return value <= threshold;
  }
}
