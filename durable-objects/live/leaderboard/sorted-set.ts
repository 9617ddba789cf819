import { parseObjectName } from "../../../contract/address.ts";
import { CountedSets } from "../../../core/live/leaderboard/counted-sets.ts";
import { createKit, type KitEnv, type Migration, type ObjectKit } from "../../kit/object-kit.ts";
import { DROPPED_TIMER, RedisDesk } from "./redis-desk.ts";
import { RANKING_TABLES, SqlEntries } from "./sql-entries.ts";
import { REDIS_TABLES, RedisRows } from "./sql-redis.ts";

const MIGRATIONS: readonly Migration[] = [{ id: 1, name: "sorted set", additive: true, up: `${RANKING_TABLES}${REDIS_TABLES}` }];

/** A sorted set of the Redis protocol: an object of the class of boards that has nothing of a board but its rankings. */
export interface SortedSet {
  readonly kit: ObjectKit;
  readonly desk: RedisDesk;
}

/** Makes the parts of a `sorted-set` object, in its constructor; touches no storage. */
export function createSortedSet(ctx: DurableObjectState, env: KitEnv): SortedSet {
  const rows = new RedisRows(ctx.storage.sql);
  const kit = createKit(ctx, env, {
    kind: "sorted-set",
    migrations: MIGRATIONS,
    registered: true,
    timers: { [DROPPED_TIMER]: (now) => desk.sweep(now) },
    load: () => desk.load(),
  });
  const desk = new RedisDesk(kit, new CountedSets(new SqlEntries(ctx.storage.sql), rows), rows);
  return { kit, desk };
}

/** Whether an object is a sorted set: by its name, or by the one it has stored where the platform does not tell it. */
export function isSortedSet(ctx: DurableObjectState): boolean {
  const name = ctx.id.name ?? storedName(ctx.storage.sql);
  if (name === undefined) return false;
  try {
    return parseObjectName(name).kind === "sorted-set";
  } catch {
    return false; // a name that no address makes: the kit refuses every entry point
  }
}

function storedName(sql: SqlStorage): string | undefined {
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'kit_meta'").toArray().length === 0) return undefined;
  const [row] = sql.exec("SELECT value FROM kit_meta WHERE key = 'address'").toArray();
  return typeof row?.["value"] === "string" ? row["value"] : undefined;
}
