import { aggregateDataSchema, type EventMessage } from "../../contract/events.ts";
import { SeqSet } from "./seq-set.ts";

const HOUR_MS = 3_600_000;
/** Two consumers that count the same source at once: the loser reads again. More than a few losses are an outage. */
const MAX_LOSSES = 5;

interface SourceEvents {
  readonly tenantId: string;
  readonly source: string;
  readonly events: EventMessage[];
}

/**
 * Adds aggregate events to the hourly counts, each once however often it is delivered: the seqs that were counted are
 * written in the same transaction as the counts, and only by whoever saw the newest of them.
 * @throws when D1 fails or other consumers keep winning; counting again is safe
 */
export async function countEvents(history: D1Database, events: readonly EventMessage[]): Promise<void> {
  let open = bySource(events);
  for (let loss = 0; open.length > 0; loss++) {
    if (loss > MAX_LOSSES) throw new Error("the hourly counts are written by others all the time");
    open = await countOnce(history, open);
  }
}

function bySource(events: readonly EventMessage[]): SourceEvents[] {
  const groups = Map.groupBy(events, (event) => JSON.stringify([event.tenantId, event.source]));
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    return first ? [{ tenantId: first.tenantId, source: first.source, events: group }] : [];
  });
}

/** One round over all sources; answers those that lost to another writer. */
async function countOnce(history: D1Database, sources: readonly SourceEvents[]): Promise<SourceEvents[]> {
  const counted = await history
    .prepare(
      `SELECT tenant_id AS tenantId, source, seqs, writer FROM control_event_counted
       WHERE (tenant_id, source) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`,
    )
    .bind(JSON.stringify(sources.map((one) => [one.tenantId, one.source])))
    .all<{ tenantId: string; source: string; seqs: string; writer: string }>();
  const statements: D1PreparedStatement[] = [];
  const claims: { at: number; of: SourceEvents }[] = [];
  for (const one of sources) {
    const row = counted.results.find((candidate) => candidate.tenantId === one.tenantId && candidate.source === one.source);
    const seqs = SeqSet.parse(row?.seqs ?? "");
    const fresh = one.events.filter((event) => seqs.add(event.seq));
    if (fresh.length === 0) continue;
    const writer = crypto.randomUUID();
    claims.push({ at: statements.length, of: one });
    statements.push(
      history
        .prepare(
          `INSERT INTO control_event_counted (tenant_id, source, seqs, writer) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (tenant_id, source) DO UPDATE SET seqs = excluded.seqs, writer = excluded.writer WHERE writer = ?5`,
        )
        .bind(one.tenantId, one.source, seqs.toString(), writer, row?.writer ?? ""),
      ...countStatements(history, one, fresh, writer),
    );
  }
  if (statements.length === 0) return [];
  const results = await history.batch(statements);
  return claims.filter((claim) => results[claim.at]?.meta.changes === 0).map((claim) => claim.of);
}

/** Adds to the hours, but only where this writer's claim of the seqs was taken. */
function countStatements(history: D1Database, of: SourceEvents, events: readonly EventMessage[], writer: string): D1PreparedStatement[] {
  const hours = Map.groupBy(events, (event) => JSON.stringify([event.type, Math.floor(event.at / HOUR_MS) * HOUR_MS]));
  return [...hours.values()].map((group) => {
    const type = group[0]?.type ?? "";
    const hour = Math.floor((group[0]?.at ?? 0) / HOUR_MS) * HOUR_MS;
    const amount = group.reduce((sum, event) => sum + amountOf(event), 0);
    return history
      .prepare(
        `INSERT INTO control_event_count (tenant_id, type, hour, events, amount)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM control_event_counted WHERE tenant_id = ?1 AND source = ?6 AND writer = ?7)
         ON CONFLICT (tenant_id, type, hour) DO UPDATE SET events = events + excluded.events, amount = amount + excluded.amount`,
      )
      .bind(of.tenantId, type, hour, group.length, amount, of.source, writer);
  });
}

function amountOf(event: EventMessage): number {
  const parsed = aggregateDataSchema.safeParse(event.data);
  return parsed.success ? parsed.data.count : 1;
}
