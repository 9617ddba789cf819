import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MAINTENANCE_LIMITS } from "../../contract/rpc/maintenance.ts";
import { ALARMS_FILE } from "./state-files.ts";

/** Lets a restored object number its events anew, in a range that nobody has seen. @returns whether it has an outbox */
export function raiseSeq(file: string): boolean {
  const database = new DatabaseSync(file);
  try {
    const has = (name: string) => database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
    if (!has("kit_outbox") || !has("sqlite_sequence")) return false;
    const gap = BigInt(MAINTENANCE_LIMITS.restoredSeqGap); // a number would be stored as a float: the column takes whatever comes
    const raised = database.prepare("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'kit_outbox'").run(gap);
    // Without a row nothing was ever emitted, as far as this snapshot knows.
    if (raised.changes === 0) database.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('kit_outbox', ?)").run(gap);
    return true;
  } finally {
    database.close();
  }
}

interface ObjectAlarm {
  readonly actorId: string;
  /** Nanoseconds of the epoch, as workerd keeps it. */
  readonly at: bigint;
  readonly name: string | null;
}

/**
 * Makes the list of alarms of one class of objects anew from what each object itself has stored with its state. The list
 * was copied at another moment: an alarm that fired in between would be missing, and the object would sleep for ever.
 * @param objects the class's database files
 */
export function rebuildAlarms(folder: string, objects: readonly string[]): number {
  const file = join(folder, ALARMS_FILE);
  if (!existsSync(file)) return 0;
  const alarms = objects.flatMap((object) => alarmOf(object) ?? []);
  const database = new DatabaseSync(file);
  try {
    if (!database.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_cf_ALARM'").get()) return 0;
    const columns = new Set(
      database
        .prepare("PRAGMA table_info(_cf_ALARM)")
        .all()
        .map((row) => String(row["name"])),
    );
    const names = new Map(
      columns.has("actor_name")
        ? database
            .prepare("SELECT actor_id, actor_name FROM _cf_ALARM")
            .all()
            .map((row) => [row["actor_id"], row["actor_name"]])
        : [],
    );
    database.exec("BEGIN; DELETE FROM _cf_ALARM");
    const insert = columns.has("actor_name")
      ? database.prepare("INSERT INTO _cf_ALARM (actor_id, scheduled_time, actor_name) VALUES (?, ?, ?)")
      : database.prepare("INSERT INTO _cf_ALARM (actor_id, scheduled_time) VALUES (?, ?)");
    for (const { actorId, at, name } of alarms) {
      const known = names.get(actorId);
      if (columns.has("actor_name")) insert.run(actorId, at, name ?? (typeof known === "string" ? known : null));
      else insert.run(actorId, at);
    }
    database.exec("COMMIT");
    return alarms.length;
  } finally {
    database.close();
  }
}

/** Row 1 of `_cf_METADATA` is the object's alarm, stored in one transaction with what it is for; the file's name is the actor's id. */
function alarmOf(file: string): ObjectAlarm | undefined {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = new Set(
      database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .all()
        .map((row) => row["name"]),
    );
    if (!tables.has("_cf_METADATA")) return undefined;
    const statement = database.prepare("SELECT value FROM _cf_METADATA WHERE key = 1");
    statement.setReadBigInts(true);
    const at = statement.get()?.["value"];
    if (typeof at !== "bigint") return undefined;
    const name = tables.has("kit_meta") ? database.prepare("SELECT value FROM kit_meta WHERE key = 'address'").get()?.["value"] : undefined;
    return { actorId: basename(file, ".sqlite"), at, name: typeof name === "string" ? name : null };
  } finally {
    database.close();
  }
}

/** Database files of objects among these, by their class's folder. */
export function objectsByClass(files: readonly string[]): Map<string, string[]> {
  const classes = new Map<string, string[]>();
  for (const file of files) {
    if (!file.endsWith(".sqlite")) continue;
    const folder = dirname(file);
    const known = classes.get(folder) ?? [];
    if (basename(file) !== ALARMS_FILE) known.push(file);
    classes.set(folder, known);
  }
  return classes;
}
