import { fileURLToPath } from 'node:url';
import { type AlertRule, loadRules, statusPagePlaceholder } from './alert-rules.ts';
import { type CompiledQuery, compileQuery } from './kusto/compile-query.ts';

/** An alert rule of the deployment, ready to be evaluated. */
export interface CompiledRule extends AlertRule {
  readonly query: CompiledQuery;
}

/**
 * The alert rules of the deployment.
 *
 * @param statusPage the URL of the app's status page, which alerts link to
 * @throws Error with what is wrong with the rules; KustoError for a query
 */
export function loadCompiledRules(statusPage: string): CompiledRule[] {
  const { rules, faults } = loadRules(fileURLToPath(new URL('../../', import.meta.url)));
  if (faults.length > 0) throw new Error(faults.map(({ file, message }) => `${file}: ${message}`).join('\n'));
  return rules.map(({ query, queryFile: _, preludeLines: __, ...rule }) => ({
    ...rule,
    query: compileQuery(query.replaceAll(statusPagePlaceholder, statusPage)),
  }));
}

const unitMilliseconds = { D: 86_400_000, H: 3_600_000, M: 60_000 } as const;

/** An ISO 8601 duration of days, hours or minutes, as rules have them. @throws RangeError for any other */
export function durationMilliseconds(text: string): number {
  const [, days, count = days, unit = 'D'] = /^P(?:(\d+)D|T(\d+)([HM]))$/.exec(text) ?? [];
  if (count === undefined) throw new RangeError(`"${text}" is no such duration`);
  return Number(count) * unitMilliseconds[unit as keyof typeof unitMilliseconds];
}
