import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { KeyRing } from "../../contract/key-ring.ts";
import { LocalCopier } from "./copier.ts";
import type { RingText } from "./keys.ts";
import { backUpNode, type NodeBackup } from "./node-backup.ts";

export const ACTOR = "a".repeat(64);

/** A folder of its own for one test. */
export function scratch(): string {
  return mkdtempSync(join(tmpdir(), "meridian-backup-"));
}

export function ringOf(byte: number, ...ids: readonly string[]): RingText {
  const names = ids.length === 0 ? ["k1"] : ids;
  const keys = Object.fromEntries(names.map((id, at) => [id, Buffer.alloc(32, byte + at).toString("base64url")]));
  const text = JSON.stringify({ current: names.at(-1), keys });
  return { ring: new KeyRing(text), text, fromEnvironment: false };
}

/** The files of a small state, as the local runtime lays them out. Its databases are open and in write-ahead mode until `close`. */
export class FakeState {
  readonly folder: string;
  readonly ring: RingText;
  readonly object: DatabaseSync;
  readonly alarms: DatabaseSync;
  readonly db: DatabaseSync;
  readonly r2: DatabaseSync;

  constructor(ring = ringOf(1)) {
    this.folder = join(scratch(), "state");
    this.ring = ring;
    mkdirSync(this.folder);
    writeFileSync(join(this.folder, "state.json"), JSON.stringify({ version: 1 }));
    writeFileSync(join(this.folder, "key-ring.json"), ring.text);
    writeFileSync(join(this.folder, "demo.json"), JSON.stringify({ password: "plain-password" }));
    this.object = this.#open(
      `v3/do/meridian-Tenant/${ACTOR}.sqlite`,
      `CREATE TABLE kit_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
       CREATE TABLE kit_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, sent_at INTEGER, body TEXT NOT NULL);
       CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, data BLOB);
       CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB);
       INSERT INTO kit_meta VALUES ('address', 't1/tenant/main');
       INSERT INTO kit_outbox (at, body) VALUES (1, '{"secret-name":1}');
       INSERT INTO _cf_METADATA VALUES (1, 1795172806670000000)`,
    );
    this.alarms = this.#open(
      "v3/do/meridian-Tenant/metadata.sqlite",
      "CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT) WITHOUT ROWID",
    );
    this.db = this.#open(
      `v3/d1/miniflare-D1DatabaseObject/${"d".repeat(64)}.sqlite`,
      "CREATE TABLE identity_user (id TEXT PRIMARY KEY, email TEXT); INSERT INTO identity_user VALUES ('u1', 'ada@example.com')",
    );
    this.r2 = this.#open(
      `v3/r2/miniflare-R2BucketObject/${"e".repeat(64)}.sqlite`,
      `CREATE TABLE _mf_objects (key TEXT PRIMARY KEY, blob_id TEXT);
       CREATE TABLE _mf_multipart_parts (upload_id TEXT, part_number INTEGER, blob_id TEXT NOT NULL, PRIMARY KEY (upload_id, part_number))`,
    );
    mkdirSync(join(this.folder, "v3/r2/meridian-archive/blobs"), { recursive: true });
    mkdirSync(join(this.folder, "v3/cache"), { recursive: true });
    writeFileSync(join(this.folder, "v3/cache/lost.sqlite"), "not for keeps");
  }

  #open(path: string, schema: string): DatabaseSync {
    const file = join(this.folder, path);
    mkdirSync(join(file, ".."), { recursive: true });
    const database = new DatabaseSync(file);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(schema);
    return database;
  }

  blobFile(id: string): string {
    return join(this.folder, "v3/r2/meridian-archive/blobs", id);
  }

  /** As R2 does it: the blob, then the row. */
  putBlob(key: string, id: string, bytes: Uint8Array): void {
    writeFileSync(this.blobFile(id), bytes);
    this.r2.prepare("INSERT OR REPLACE INTO _mf_objects (key, blob_id) VALUES (?, ?)").run(key, id);
  }

  async backUp(to: string, env: Readonly<Record<string, string>> = {}): Promise<NodeBackup> {
    const startedAt = Date.now();
    return await backUpNode({
      id: uuidv7(startedAt, cryptoRandom),
      startedAt,
      state: this.folder,
      to,
      ring: this.ring.ring,
      env,
      copier: new LocalCopier(),
    });
  }

  close(): void {
    for (const database of [this.object, this.alarms, this.db, this.r2]) if (database.isOpen) database.close();
  }
}

/** Rows of a table of a restored state. */
export function rowsIn(folder: string, path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder, path), { readOnly: true });
  try {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    return statement.all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}
