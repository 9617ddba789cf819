import type { z } from "zod";
import { decodeCursor, encodeCursor } from "../../contract/cursor.ts";
import type { Page } from "../../contract/pages.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { subjectQuerySchema, SubjectSummary } from "../../contract/subjects.ts";

interface SubjectRow {
  readonly issuer: string;
  readonly sub: string;
  readonly ref: string;
  readonly name: string;
  readonly email: string | null;
  readonly guest: number;
  readonly createdAt: number;
  readonly lastSeenAt: number;
}

/**
 * A page of a tenant's end users, the newest first. A search finds those whose name, address or sub begins with it. Rows of
 * deleted ones, which hold a ref and nothing else, are not shown.
 */
export async function listSubjects(
  db: D1Database,
  tenantId: string,
  query: z.output<typeof subjectQuerySchema>,
): Promise<Outcome<Page<SubjectSummary>>> {
  const after = query.cursor === undefined ? [] : decodeCursor(query.cursor, ["number", "string"]);
  if (!after) return refuse("invalid-parameter", "The cursor is not one of this list; leave it out to start at the newest.");
  const conditions: [sql: string, ...values: (string | number)[]][] = [["tenant_id = ?", tenantId], ["issuer <> ''"]];
  if (after.length > 0) conditions.push(["(created_at, ref) < (?, ?)", ...after]);
  if (query.issuer !== undefined) conditions.push(["issuer = ?", query.issuer]);
  // Not LIKE: its patterns are bounded at 50 bytes, and its wildcards would be the searcher's.
  if (query.search !== undefined) conditions.push(["instr(char(10) || search, char(10) || ?) > 0", query.search.toLowerCase()]);
  const rows = await db
    .prepare(
      `SELECT issuer, sub, ref, name, email, guest, created_at AS createdAt, last_seen_at AS lastSeenAt FROM identity_subject
       WHERE ${conditions.map(([sql]) => sql).join(" AND ")} ORDER BY created_at DESC, ref DESC LIMIT ?`,
    )
    .bind(...conditions.flatMap(([, ...values]) => values), query.limit + 1)
    .all<SubjectRow>();
  const items = rows.results.slice(0, query.limit);
  const last = items.at(-1);
  const nextCursor = last && rows.results.length > query.limit ? encodeCursor([last.createdAt, last.ref]) : null;
  return accept({ items: items.map(summaryOf), nextCursor });
}

function summaryOf(row: SubjectRow): SubjectSummary {
  return {
    ...row,
    guest: row.guest !== 0,
    createdAt: new Date(row.createdAt).toISOString(),
    lastSeenAt: new Date(row.lastSeenAt).toISOString(),
  };
}
