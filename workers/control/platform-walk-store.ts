import * as z from "zod";
import { OBJECT_KINDS, type ObjectAddress } from "../../contract/address.ts";

/** Where a walk is: which objects of this pass were asked, up to and with `after` in the order of the registry's key. */
export interface WalkPlace {
  /**
   * The second pass takes the objects that came into being around the walk's begin: the registry hears of them a little later, so
   * the first may have gone past their place.
   */
  readonly pass: 1 | 2;
  readonly after: readonly [tenantId: string, kind: string, name: string] | null;
  /** Whether an object of this pass could not be asked: then all of it is walked again. */
  readonly failed: boolean;
}

/** A row of `control_reseal_walk`. */
export interface Walk {
  readonly ringId: string;
  /** Epoch milliseconds; later than that of any earlier walk. */
  readonly startedAt: number;
  readonly place: WalkPlace;
  readonly walked: number;
  readonly resealed: number;
  readonly finishedAt: number | null;
  /** The place as it is stored: who moves on from it is the only one to. */
  readonly cursor: string | null;
}

export const FIRST_PLACE: WalkPlace = { pass: 1, after: null, failed: false };

const placeSchema = z.object({
  pass: z.union([z.literal(1), z.literal(2)]),
  after: z.tuple([z.string(), z.string(), z.string()]).nullable(),
  failed: z.boolean(),
});

interface Row {
  readonly ring_id: string;
  readonly started_at: number;
  readonly cursor: string | null;
  readonly walked: number;
  readonly resealed: number;
  readonly finished_at: number | null;
}

/** The walk that began last. */
export async function latestWalk(db: D1Database): Promise<Walk | undefined> {
  const row = await db.prepare("SELECT * FROM control_reseal_walk ORDER BY started_at DESC LIMIT 1").first<Row>();
  return row ? walkOf(row) : undefined;
}

/** The ring ids that were ever current, with when the last walk of each began, latest first. */
export async function pastWalks(db: D1Database): Promise<{ ringId: string; startedAt: number }[]> {
  const { results } = await db
    .prepare("SELECT ring_id AS ringId, started_at AS startedAt FROM control_reseal_walk ORDER BY started_at DESC")
    .all<{ ringId: string; startedAt: number }>();
  return results;
}

/** Begins a walk for a ring id, anew for one that was current before. Of two that begin it at once, one does. */
export async function beginWalk(db: D1Database, ringId: string, startedAt: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO control_reseal_walk (ring_id, started_at) VALUES (?1, ?2)
       ON CONFLICT (ring_id) DO UPDATE SET started_at = ?2, cursor = NULL, walked = 0, resealed = 0, finished_at = NULL
       WHERE started_at < (SELECT max(started_at) FROM control_reseal_walk)`,
    )
    .bind(ringId, startedAt)
    .run();
}

/** How far a slice has come. */
export interface Advance {
  readonly place: WalkPlace;
  readonly walked: number;
  readonly resealed: number;
  readonly finishedAt: number | null;
}

/** Moves on from where the walk was when it was read. @returns false when another slice was faster: then this one counts for nothing */
export async function advanceWalk(db: D1Database, from: Walk, to: Advance): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE control_reseal_walk SET cursor = ?4, walked = ?5, resealed = ?6, finished_at = ?7
       WHERE ring_id = ?1 AND started_at = ?2 AND cursor IS ?3 AND finished_at IS NULL`,
    )
    .bind(from.ringId, from.startedAt, from.cursor, JSON.stringify(to.place), to.walked, to.resealed, to.finishedAt)
    .run();
  return meta.changes === 1;
}

/** The next objects of the pass, in the order of the registry's key. @throws for a kind of a later release */
export async function nextObjects(db: D1Database, place: WalkPlace, bornSince: number, limit: number): Promise<ObjectAddress[]> {
  const { results } = await db
    .prepare(
      `SELECT tenant_id AS tenantId, kind, name FROM control_object WHERE (tenant_id, kind, name) > (?1, ?2, ?3) AND created_at >= ?4
       ORDER BY tenant_id, kind, name LIMIT ?5`,
    )
    .bind(...(place.after ?? ["", "", ""]), place.pass === 1 ? 0 : bornSince, limit)
    .all<{ tenantId: string; kind: string; name: string }>();
  return results.map(({ tenantId, kind, name }) => {
    const known = OBJECT_KINDS.find((candidate) => candidate === kind);
    if (!known) throw new Error(`no object of kind ${kind} is known here`);
    return { tenantId, kind: known, name };
  });
}

/** Everything that may hold sealed texts: registered objects, and people with one-time codes. */
export async function countKnown(db: D1Database): Promise<number> {
  const row = await db
    .prepare("SELECT (SELECT count(*) FROM control_object) + (SELECT count(*) FROM identity_two_factor) AS known")
    .first<{ known: number }>();
  return row?.known ?? 0;
}

function walkOf(row: Row): Walk {
  return {
    ringId: row.ring_id,
    startedAt: row.started_at,
    place: placeOf(row.cursor),
    walked: row.walked,
    resealed: row.resealed,
    finishedAt: row.finished_at,
    cursor: row.cursor,
  };
}

/** A place of another release is walked from the beginning: asking an object twice is harmless. */
function placeOf(cursor: string | null): WalkPlace {
  if (cursor === null) return FIRST_PLACE;
  try {
    return placeSchema.parse(JSON.parse(cursor));
  } catch {
    return FIRST_PLACE;
  }
}
