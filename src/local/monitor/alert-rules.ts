import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type CompiledQuery, compileQuery } from '../kusto/compile-query.ts';

const duration = z.string().regex(/^P(?:\d+D|T\d+[HM])$/);

/** `infra/alerts/rules.json`, which the deployment reads as well. */
const rulesFile = z.array(
  z.strictObject({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    severity: z.union([z.literal(1), z.literal(2), z.literal(3)]),
    evaluationFrequency: duration,
    windowSize: duration,
    dimensions: z.array(z.string()).max(6),
    measure: z.string().optional(),
    operator: z.enum(['Equals', 'GreaterThan', 'GreaterThanOrEqual', 'LessThan', 'LessThanOrEqual']),
    threshold: z.number(),
    stateful: z.boolean(),
  }),
);

type DeclaredRule = z.infer<typeof rulesFile>[number];

/** One alert rule as it is deployed, and its query. */
export interface AlertRule extends DeclaredRule {
  readonly query: CompiledQuery;
}

const folder = new URL('../../../infra/alerts/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

/**
 * The alert rules of the deployment, their queries compiled.
 *
 * @param statusPage the URL of the app's status page, which alerts link to
 * @throws ZodError when rules.json is not what it should be; KustoError for a query
 */
export function loadAlertRules(statusPage: string): AlertRule[] {
  const prelude = read('prelude.kql').replaceAll('{statusPage}', statusPage);
  return rulesFile
    .parse(JSON.parse(read('rules.json')))
    .map((rule) => ({ ...rule, query: compileQuery(`${prelude}\n${read(`${rule.name}.kql`)}`) }));
}

const unitMilliseconds = { D: 86_400_000, H: 3_600_000, M: 60_000 } as const;

/** An ISO 8601 duration of days, hours or minutes. @throws RangeError for any other */
export function durationMilliseconds(text: string): number {
  const [, count, unit] = /^PT?(\d+)([DHM])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new RangeError(`"${text}" is no such duration`);
  return Number(count) * unitMilliseconds[unit as keyof typeof unitMilliseconds];
}
