import type { TelemetryEnvelope } from './in-memory-ingestion.ts';
import type { TableRow, Tables } from './kusto/values.ts';

/** What a workspace shows of a custom event. */
interface AppEventRow extends TableRow {
  readonly TimeGenerated: number;
  readonly Name: string;
}

interface Arrival {
  readonly visibleAt: number;
  readonly row: AppEventRow;
}

/** The longest time that a rule looks back, in milliseconds; older rows are forgotten. */
const retentionMilliseconds = 2 * 86_400_000;

/**
 * The table `AppEvents` of a Log Analytics workspace. A row can be queried some minutes after its event: `latency`
 * gives that time in milliseconds for the moment of an event, so that one sweep's events may come apart. assumed: no
 * accepted event is lost.
 */
export class Workspace {
  readonly #latency: (eventAtMilliseconds: number) => number;
  /** Not visible yet, in no order. */
  #arriving: Arrival[] = [];
  /** Visible, in the order of `TimeGenerated`. */
  #rows: AppEventRow[] = [];

  constructor(latency: (eventAtMilliseconds: number) => number) {
    this.#latency = latency;
  }

  /** Takes the envelopes of one accepted request. Bound, so that it can be handed on as a function. */
  readonly ingest = (envelopes: readonly TelemetryEnvelope[]): void => {
    for (const envelope of envelopes) {
      if (envelope.data.baseType !== 'EventData') continue;
      const row = rowOf(envelope);
      const at = row.TimeGenerated;
      this.#arriving.push({ visibleAt: at + this.#latency(at), row });
    }
  };

  /** What a query sees at a moment that is not before the last one, as far back as the window reaches. */
  tables(nowMilliseconds: number, windowMilliseconds: number): Tables {
    this.#arrive(nowMilliseconds);
    const first = firstAfter(this.#rows, nowMilliseconds - windowMilliseconds);
    return { AppEvents: first === 0 ? this.#rows : this.#rows.slice(first) };
  }

  #arrive(now: number): void {
    const visible = this.#arriving.filter(({ visibleAt }) => visibleAt <= now);
    if (visible.length === 0) return;
    this.#arriving = this.#arriving.filter(({ visibleAt }) => visibleAt > now);
    const kept = this.#rows.slice(firstAfter(this.#rows, now - retentionMilliseconds));
    for (const { row } of visible) kept.push(row);
    // A new list each time: evaluators may keep what they derived from the last one. Nearly sorted, so it is quick.
    this.#rows = kept.sort((a, b) => a.TimeGenerated - b.TimeGenerated);
  }
}

function rowOf({ time, iKey, tags, data }: TelemetryEnvelope): AppEventRow {
  const { name, properties, measurements } = data.baseData;
  return {
    TimeGenerated: Date.parse(time),
    Name: name,
    Properties: properties,
    Measurements: measurements,
    AppRoleName: tags['ai.cloud.role'] ?? '',
    AppRoleInstance: tags['ai.cloud.roleInstance'] ?? '',
    OperationId: tags['ai.operation.id'] ?? '',
    OperationName: tags['ai.operation.name'] ?? '',
    ParentId: tags['ai.operation.parentId'] ?? '',
    IKey: iKey,
    ItemCount: 1,
    Type: 'AppEvents',
  };
}

/** The index of the first row after a moment, by bisection. */
function firstAfter(rows: readonly AppEventRow[], milliseconds: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const time = rows[middle]?.TimeGenerated ?? 0;
    if (time > milliseconds) high = middle;
    else low = middle + 1;
  }
  return low;
}
