import type { Migration } from "../kit/object-kit.ts";

/** No secondary index anywhere: each would cost a written row per write, and rows are found through memory. */
export const SHARD_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "write-ahead rows, packed blocks, series",
    additive: true,
    up: `
      CREATE TABLE shard (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        dictionary INTEGER NOT NULL,
        next_ref INTEGER NOT NULL,
        saved_ref INTEGER NOT NULL,
        watermark INTEGER NOT NULL,
        seal INTEGER NOT NULL
      );
      CREATE TABLE log (
        slot INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,
        part INTEGER NOT NULL,
        parts INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body BLOB NOT NULL
      );
      CREATE TABLE blocks (
        id INTEGER PRIMARY KEY,
        seal INTEGER NOT NULL,
        first_ref INTEGER NOT NULL,
        last_ref INTEGER NOT NULL,
        min_at INTEGER NOT NULL,
        max_at INTEGER NOT NULL,
        through INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        directory BLOB NOT NULL,
        body BLOB NOT NULL
      );
      CREATE TABLE dictionary (
        first_ref INTEGER PRIMARY KEY,
        body BLOB NOT NULL
      );
    `,
  },
  {
    id: 2,
    name: "rollups, named rows",
    additive: true,
    up: `
      CREATE TABLE rollups (
        id INTEGER PRIMARY KEY,
        tier INTEGER NOT NULL,
        roll INTEGER NOT NULL,
        first_ref INTEGER NOT NULL,
        last_ref INTEGER NOT NULL,
        min_at INTEGER NOT NULL,
        max_at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        points INTEGER NOT NULL,
        directory BLOB NOT NULL,
        body BLOB NOT NULL
      );
      CREATE TABLE kept (
        name TEXT PRIMARY KEY,
        body BLOB NOT NULL
      ) WITHOUT ROWID;
      ALTER TABLE blocks ADD COLUMN points INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE shard ADD COLUMN rolled_minute INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE shard ADD COLUMN rolled_hour INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE shard ADD COLUMN raw_from INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE shard ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE shard ADD COLUMN imported_at INTEGER NOT NULL DEFAULT 0;
    `,
  },
];
