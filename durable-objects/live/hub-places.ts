import { callObject, objectAt } from "../../contract/address.ts";
import { isWideName, placeNamesOf } from "../../contract/live-revocation.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { Admission, LivePlace } from "../../contract/rpc/hub.ts";
import type { ObjectsEnv } from "../env.ts";
import { errorText, logLine } from "../kit/log.ts";

export const PLACE_LIMITS = {
  /** Places of one end user at a time: rooms by the hundred. A revocation asks so many objects at most. */
  ofSubject: 1_000,
  /** Of a key or an operator. */
  ofOthers: 20_000,
  /** Places of one page, and how many of them are asked at once. */
  page: 500,
  atOnce: 32,
  /** A place outlives the credential by this: its clock may be another's. */
  graceMs: 120_000,
} as const;

export const PLACE_TABLES = `
  CREATE TABLE live_place (
    who TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    ends_at INTEGER,
    PRIMARY KEY (who, kind, name)
  ) WITHOUT ROWID;
`;

/** So many rows are looked at with each note: more than it makes, so what has ended goes faster than anything comes. */
const LOOKS = 6;
const TOO_MANY = "There are live sockets in too many places already. Leave some, and try again in a few minutes.";

type Place = { kind: LivePlace["kind"]; name: string };
type Row = Place & { who: string };
interface Page {
  readonly closed: number;
  readonly failed: number;
  readonly next: string | null;
}

/**
 * Where people may have sockets beside hubs, by the names that revocations use, so that a revocation asks the objects of that person
 * and no others.
 *
 * Nobody who was revoked stays in, in whatever order things happen. Who lets a socket in notes its place here, looks for a
 * revocation in the same transaction, and only then knocks at the object. Who revokes tells this hub, which keeps it, and only then
 * asks for the places. Both meet at the one hub of the actor, which does one after the other: either the note comes first, then the
 * object is among the places and is told, which closes the socket that is there and refuses the one that still comes (`HubGate`); or
 * the revocation comes first, then the note is refused. A credential that is replaced in an open socket is noted before it counts.
 * What cannot be reached is told again, in the same order, by the revocation's event.
 */
export class HubPlaces {
  readonly #sql: SqlStorage;
  #swept: Row | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Notes a place under the names of this admission. Runs in a transaction. @returns as `HubRpc.notePlace` */
  note({ kind, name }: LivePlace, admission: Admission, now: number): Outcome<number | null> {
    this.#sweep(now);
    const { actor, credentialExpiresAt: end } = admission;
    const names = placeNamesOf(admission);
    const most = actor.startsWith("subject:") ? PLACE_LIMITS.ofSubject : PLACE_LIMITS.ofOthers;
    const known = this.#notes(names, kind, name);
    if (!known.has(actor) && this.#count(actor, most) >= most) return refuse("socket-limit", TOO_MANY, { retryAfterS: 60 });
    // No two notes of a row are equal: one of them can be told from a later one.
    const note = Math.max(now, ...[...known.values()].map((at) => at + 1));
    for (const who of names) {
      this.#sql.exec(
        `INSERT INTO live_place (who, kind, name, noted_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET noted_at = excluded.noted_at,
           ends_at = CASE WHEN ends_at IS NULL OR excluded.ends_at IS NULL THEN NULL ELSE max(ends_at, excluded.ends_at) END`,
        who,
        kind,
        name,
        note,
        end === null ? null : end + PLACE_LIMITS.graceMs,
      );
    }
    return accept(known.size === 0 ? note : null);
  }

  /** See `HubRpc.unnotePlace`. */
  unnote({ kind, name }: LivePlace, admission: Admission, note: number): void {
    for (const who of placeNamesOf(admission)) {
      this.#sql.exec("DELETE FROM live_place WHERE who = ?1 AND kind = ?2 AND name = ?3 AND noted_at = ?4", who, kind, name, note);
    }
  }

  /** Where sockets of these names may be, at most a page, in order. */
  page(credentials: readonly string[], after: LivePlace | undefined): LivePlace[] {
    const from = after ? [after.kind, after.name] : ["", ""];
    const rest = `(kind, name) > (?, ?) ORDER BY kind, name LIMIT ${PLACE_LIMITS.page}`;
    if (credentials.some(isWideName))
      return this.#sql.exec<Place>(`SELECT DISTINCT kind, name FROM live_place WHERE ${rest}`, ...from).toArray();
    const ofThese = "who IN (SELECT value FROM json_each(?))";
    const sql = `SELECT DISTINCT kind, name FROM live_place WHERE ${ofThese} AND ${rest}`;
    return this.#sql.exec<Place>(sql, JSON.stringify(credentials), ...from).toArray();
  }

  /** No socket is left at this place. Not forgotten where one may be on its way: it was noted a moment ago. */
  forget(credentials: readonly string[], { kind, name }: LivePlace, now: number): void {
    for (const who of credentials) {
      this.#sql.exec(
        "DELETE FROM live_place WHERE who = ?1 AND kind = ?2 AND name = ?3 AND noted_at <= ?4",
        who,
        kind,
        name,
        now - PLACE_LIMITS.graceMs,
      );
    }
  }

  /** When the place was noted, by the names under which it is. */
  #notes(names: readonly string[], kind: string, name: string): Map<string, number> {
    const rows = this.#sql.exec<{ who: string; noted_at: number }>(
      "SELECT who, noted_at FROM live_place WHERE who IN (SELECT value FROM json_each(?1)) AND kind = ?2 AND name = ?3",
      JSON.stringify(names),
      kind,
      name,
    );
    return new Map(rows.toArray().map(({ who, noted_at }) => [who, noted_at]));
  }

  #count(who: string, most: number): number {
    const rows = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM (SELECT 1 FROM live_place WHERE who = ?1 LIMIT ?2)", who, most);
    return rows.one().n;
  }

  #sweep(now: number): void {
    const { who, kind, name } = this.#swept ?? { who: "", kind: "", name: "" };
    const rows = this.#sql
      .exec<Row & { ends_at: number | null }>(
        `SELECT who, kind, name, ends_at FROM live_place WHERE (who, kind, name) > (?1, ?2, ?3) ORDER BY who, kind, name LIMIT ${LOOKS}`,
        who,
        kind,
        name,
      )
      .toArray();
    this.#swept = rows.length < LOOKS ? undefined : rows.at(-1);
    for (const row of rows) {
      if (row.ends_at === null || row.ends_at > now) continue;
      this.#sql.exec("DELETE FROM live_place WHERE who = ?1 AND kind = ?2 AND name = ?3", row.who, row.kind, row.name);
    }
  }
}

/** The objects that these kinds of places are. */
type PlacesEnv = Pick<ObjectsEnv, "LEADERBOARDS" | "ROOMS" | "HUB">;

/** Closes sockets of these names at a page of places; see `HubRpc.closeAtPlaces`. @param forget takes a note back, where nobody is left */
export async function closeAtPage(
  env: PlacesEnv,
  tenantId: string,
  places: readonly LivePlace[],
  order: { readonly credentials: readonly string[]; readonly at: number | undefined },
  forget: (place: LivePlace) => void,
): Promise<Page> {
  let [closed, failed] = [0, 0];
  const rest = places.values();
  const lane = async () => {
    for (const place of rest) {
      try {
        const answer = await callObject(() => objectOf(env, tenantId, place).closeCredentials(order.credentials, order.at));
        closed += answer.closed;
        if (answer.left === 0) forget(place);
      } catch (error) {
        // The others are told; who revokes hears that not all were.
        failed += 1;
        logLine("warn", "sockets of a revoked credential could not be closed", { ...place, error: errorText(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PLACE_LIMITS.atOnce, places.length) }, lane));
  const last = places.length < PLACE_LIMITS.page ? undefined : places.at(-1);
  return { closed, failed, next: last ? `${last.kind}/${last.name}` : null };
}

/** The reverse of `next`. */
export function placeOf(cursor: string | undefined): LivePlace | undefined {
  if (cursor === undefined) return undefined;
  const slash = cursor.indexOf("/");
  return { kind: cursor.slice(0, slash) as LivePlace["kind"], name: cursor.slice(slash + 1) }; // `closeAtPage` made it; it is compared only
}

function objectOf(env: PlacesEnv, tenantId: string, { kind, name }: LivePlace) {
  const address = { tenantId, kind, name };
  switch (kind) {
    case "leaderboard":
      return objectAt(env.LEADERBOARDS, address);
    case "room":
      return objectAt(env.ROOMS, address);
    case "hub":
      // It does not say how many are left: the note goes by its own date.
      return {
        closeCredentials: async (credentials: readonly string[], at?: number) => ({
          closed: await objectAt(env.HUB, address).closeCredentials(credentials, at),
          left: 1,
        }),
      };
  }
}
