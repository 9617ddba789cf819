import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Tables of the D1 database `DB` that belong to the live plane; identity and control are in schema.ts. */

/** The catalogue of leaderboards. The board's object owns what is configured; a row says what it was last told, or is being told. */
export const leaderboardBoard = sqliteTable(
  "leaderboard_board",
  {
    tenantId: text("tenant_id").notNull(),
    board: text("board").notNull(),
    mode: text("mode"),
    /** JSON, `boardConfigSchema`. */
    config: text("config").notNull(),
    /** Rises with each change, also over a deletion and a new creation. */
    version: integer("version").notNull(),
    state: text("state").notNull(),
    /** JSON: a change that the object may have taken already, until it stands in `config`. */
    pending: text("pending"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.board] }),
    index("leaderboard_board_unfinished")
      .on(table.updatedAt)
      .where(sql`state <> 'live' OR pending IS NOT NULL`),
  ],
);

/** A tenant's own modes, and marks of the seeded ones that it deleted. */
export const leaderboardMode = sqliteTable(
  "leaderboard_mode",
  {
    tenantId: text("tenant_id").notNull(),
    mode: text("mode").notNull(),
    /** JSON, `boardModeSchema`; null: a seeded mode that is no more. */
    defaults: text("defaults"),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.mode] })],
);

/** The catalogue of rooms: what each is configured as. Members, messages and sockets are the room's object's. */
export const roomCatalogue = sqliteTable(
  "room_catalogue",
  {
    tenantId: text("tenant_id").notNull(),
    room: text("room").notNull(),
    kind: text("kind").notNull(),
    /** JSON, `roomSettingsSchema`. */
    settings: text("settings").notNull(),
    /** JSON: who is in it from the start, until the object has been told; then an empty list. */
    members: text("members").notNull(),
    /** Rises with each change, also over a deletion and a new creation. */
    version: integer("version").notNull(),
    state: text("state").notNull(),
    /** 1: made by the tenant's people, by hand or by a document; 0: by programs and end users as they go. */
    declared: integer("declared").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.room] }),
    index("room_catalogue_declared")
      .on(table.tenantId, table.room)
      .where(sql`declared = 1`),
    index("room_catalogue_unfinished")
      .on(table.updatedAt)
      .where(sql`state <> 'live'`),
  ],
);

/** The catalogue of topics: what each is, and the hub that holds its log. */
export const topicCatalogue = sqliteTable(
  "topic_catalogue",
  {
    tenantId: text("tenant_id").notNull(),
    /** `kind/name`. */
    topic: text("topic").notNull(),
    /** JSON, `topicSettingsSchema`. */
    settings: text("settings").notNull(),
    /** Fixed when it is made: more hubs later move nothing. */
    hub: integer("hub").notNull(),
    /** Rises with each change, also over a deletion and a new creation. */
    version: integer("version").notNull(),
    /** `live`, or `deleting` until its hub holds nothing of it. */
    state: text("state").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.topic] }),
    index("topic_catalogue_deleting")
      .on(table.updatedAt)
      .where(sql`state = 'deleting'`),
  ],
);
