import type { AccountSnapshot } from './event-lines.ts';
import type { CompiledRule } from './monitor/compiled-rules.ts';
import type { Tables } from './monitor/kusto/values.ts';
import { type Notification, RuleEvaluator } from './monitor/rule-evaluator.ts';

/** An alert that the deployment's rules raise. */
export interface RaisedAlert {
  /** 1 is the most urgent. */
  readonly severity: number;
  /** The rule's. */
  readonly title: string;
  readonly who: string;
  readonly why: string;
  readonly how: string;
}

/**
 * What the rules would raise at a moment, milliseconds since 1970, if nothing were open yet; by severity.
 *
 * @param snapshots the accounts' newest ones, which know the remedy
 */
export function alertsOf(
  rules: readonly CompiledRule[],
  tables: Tables,
  nowMilliseconds: number,
  snapshots: readonly AccountSnapshot[],
): RaisedAlert[] {
  return rules
    .flatMap((rule) => new RuleEvaluator(rule).evaluate(tables, nowMilliseconds))
    .map((notification) => raisedAlert(notification, snapshots))
    .sort((a, b) => a.severity - b.severity);
}

function raisedAlert({ rule, dimensions, metricValue }: Notification, snapshots: readonly AccountSnapshot[]) {
  const { Account, Client, Owner, Owners, Code, Cause, Remedy } = dimensions;
  const behind = rule.measure === 'Accounts' ? `${metricValue} accounts of ` : '';
  const subject = Account ?? (Client === undefined ? 'the refresher' : `${behind}client ${Client}`);
  const owner = Owner ?? Owners;
  const snapshot = snapshots.find(
    ({ account, client }) => account === Account || (Client && client === Client),
  );
  return {
    severity: rule.severity,
    title: rule.title,
    who: owner === undefined || owner === 'not set' ? subject : `${subject} (${owner})`,
    why: [Code, Cause ?? rule.title].filter((text) => text !== undefined).join(': '),
    how: Remedy ?? snapshot?.remedy ?? `See ${rule.name} in the runbook.`,
  };
}
