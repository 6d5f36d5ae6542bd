/**
 * The room of Kusto: queries checked and, of the alert rules, worked out.
 *
 * In: the text of a query and rows of tables. Out: rows (this file), or what is wrong with the text
 * (`check-query`). Microsoft's language service parses and binds names; `compile-relation` and `compile-expression`
 * make closures of it. What no alert rule uses is refused by its name.
 */

import { bindStatements } from './compile-expression.ts';
import { compileRelation } from './compile-relation.ts';
import { KustoError, positionAt } from './kusto-error.ts';
import { analyze } from './language-service.ts';
import { type QueryRun, Scope } from './scope.ts';
import { Syntax } from './syntax.ts';
import { type TableColumn, tableSchemas } from './table-schemas.ts';
import type { Scalar, TableRow, Tables } from './values.ts';

/** A query, parsed once; run often. */
export interface CompiledQuery {
  readonly columns: readonly TableColumn[];
  /**
   * The rows that the query returns for these tables at this time. The tables must not change while it runs.
   * Throws a KustoError: `missing_table`, `bad_input`, `evaluation_failed`.
   */
  run(tables: Tables, now: Date): readonly TableRow[];
}

/**
 * Compiles a query of the Kusto query language over the Log Analytics tables that `table-schemas.ts` lists. It is a
 * model of Kusto, not Kusto: what it doesn't know for sure it refuses. Throws a KustoError: `invalid_query`,
 * `unsupported`.
 */
export function compileQuery(text: string): CompiledQuery {
  const { root, diagnostics } = analyze(text, tableSchemas);
  const error = diagnostics.find(({ Severity }) => Severity === 'Error');
  if (error !== undefined) {
    throw new KustoError('invalid_query', `${error.Code}: ${error.Message}`, positionAt(text, error.Start));
  }
  const relation = compileStatements(new Syntax(root, text));
  const columns = relation.columns.map(({ name, type }) => ({ name, type }));
  return {
    columns,
    run(tables, now) {
      const run: QueryRun = { now: now.getTime(), tables, memo: new Map() };
      return relation.rows(run).map((row) => {
        const result: Record<string, Scalar> = {};
        for (const { name, read } of relation.columns) result[name] = read(row, run);
        return result;
      });
    },
  };
}

function compileStatements(root: Syntax) {
  const statements = root.items('Statements');
  const last = statements.at(-1);
  if (last?.kind !== 'ExpressionStatement') throw root.unsupported('a query that returns no table');
  const scope = new Scope(compileRelation);
  bindStatements(statements.slice(0, -1), scope);
  const query = last.child('Expression');
  if (!query.hasColumns) throw query.unsupported('a query that returns no table');
  return compileRelation(query, scope);
}
