import type { FileFault } from '../../local/file-fault.ts';
import type { RuleWithQuery } from '../../local/monitor/alert-rules.ts';
import { checkQuery } from '../../local/monitor/kusto/check-query.ts';

const sampleStatusPage = 'https://sample.azurewebsites.net/api/status';

/**
 * Holds the rules' queries against the tables, the event contract, and what Azure Monitor refuses in an alert; says in
 * which file and line, that of the prelude or of the rule's own query.
 */
export function checkQueries(rules: readonly RuleWithQuery[]): FileFault[] {
  return rules.flatMap(({ query, queryFile, preludeLines, dimensions, measure }) => {
    const parameters = { statusPage: sampleStatusPage };
    return checkQuery(query, { kind: 'alert', dimensions, measure, parameters }).map((fault) => {
      const place =
        fault.line > preludeLines
          ? { file: queryFile, line: fault.line - preludeLines }
          : { file: 'infra/alerts/prelude.kql', line: fault.line };
      return { ...place, rule: fault.code, message: fault.message };
    });
  });
}
