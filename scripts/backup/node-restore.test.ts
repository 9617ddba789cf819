import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openState } from "../serve/state.ts";
import type { NodeBackup } from "./node-backup.ts";
import { restoreNode } from "./node-restore.ts";
import { comparison } from "./report.ts";
import { ACTOR, FakeState, ringOf, rowsIn, scratch } from "./testing.ts";

const OBJECT = `v3/do/meridian-Tenant/${ACTOR}.sqlite`;
let node: FakeState;
let to: string;
let made: NodeBackup;

beforeAll(async () => {
  node = new FakeState(ringOf(1, "k1", "k2"));
  node.object.exec("INSERT INTO thing (name, data) VALUES ('a', x'0102'), ('a', x'0102'), (NULL, NULL)");
  to = scratch();
  made = await node.backUp(to);
});

afterAll(() => {
  node.close();
  rmSync(join(node.folder, ".."), { recursive: true, force: true });
  rmSync(to, { recursive: true, force: true });
});

/** A copy of the backup that a test may spoil. */
function copyOf(name: string): string {
  const folder = join(to, name);
  mkdirSync(folder);
  for (const file of readdirSync(made.folder)) copyFileSync(join(made.folder, file), join(folder, file));
  return folder;
}

async function restore(from: string, more: { state?: string; ring?: FakeState["ring"]; env?: Record<string, string> } = {}) {
  const state = more.state ?? join(to, `state of ${basename(from)}`);
  return { state, ...(await restoreNode({ from, state, ring: more.ring ?? node.ring, env: more.env ?? {} })) };
}

describe("a restore", () => {
  it("[ND56] brings back every row, compares counts and checksums of every table, and prints them", async () => {
    const { state, tables } = await restore(made.folder, { state: join(to, "whole") });
    expect(rowsIn(state, OBJECT, "SELECT id, name, data FROM thing")).toEqual([
      { id: 1n, name: "a", data: new Uint8Array([1, 2]) },
      { id: 2n, name: "a", data: new Uint8Array([1, 2]) },
      { id: 3n, name: null, data: null },
    ]);
    expect(readFileSync(join(state, "demo.json"), "utf8")).toContain("plain-password");
    expect(tables.find(({ noted }) => noted.name === "thing")?.noted.rows).toBe(3);
    const lines = comparison(tables).split("\n");
    expect(lines.find((line) => line.includes(" thing "))).toMatch(/do\/meridian-Tenant {2}thing +1 +3 +3 +agrees/);
    for (const file of ["state.json", "key-ring.json", "demo.json", OBJECT]) expect(statSync(join(state, file)).mode & 0o077, file).toBe(0);
  });

  it("[ND54] leaves a ring of the environment there, and a note by which a start without it is refused", async () => {
    const ring = { ...node.ring, fromEnvironment: true };
    const { state } = await restore(made.folder, {
      state: join(to, "of production"),
      ring,
      env: { MERIDIAN_KEY_RING_FILE: "/etc/ring.json" },
    });
    expect(existsSync(join(state, "key-ring.json"))).toBe(false);
    expect(() => openState(state)).toThrow("of a production node (/etc/ring.json)");
    expect(openState(state, false, { ring: { text: ring.text, file: undefined } }).keyRing).toBe(ring.text);
  });

  it("[ND56] fills the empty folder that a link leads to", async () => {
    mkdirSync(join(to, "disk"));
    symlinkSync(join(to, "disk"), join(to, "link"));
    await restore(made.folder, { state: join(to, "link") });
    expect(openState(join(to, "disk")).keyRing).toBe(node.ring.text);
    expect(readdirSync(to).filter((name) => name.includes("restoring"))).toEqual([]);
  });

  it("[ND54] puts the ring beside it, so that a server starts with what can open it", async () => {
    const { state } = await restore(made.folder, { state: join(to, "with ring") });
    expect(openState(state).keyRing).toBe(node.ring.text);
  });

  it("[ND54] refuses a ring that lacks a key, or has another one under its name", async () => {
    await expect(restore(made.folder, { ring: ringOf(9, "k2") })).rejects.toThrow(/made with another key than the ring's key k2/);
    await expect(restore(made.folder, { ring: ringOf(1, "k1") })).rejects.toThrow(/the ring's key k2, which this key ring does not have/);
    // The right key for the backup itself, and none for what is sealed inside with the older one.
    const half = ringOf(2, "k2");
    await expect(restore(made.folder, { ring: half })).rejects.toThrow(/lacks k1/);
    const more = JSON.parse(node.ring.text) as { current: string; keys: Record<string, string> };
    const larger = JSON.stringify({ current: "k3", keys: { ...more.keys, k3: Buffer.alloc(32, 77).toString("base64url") } });
    const { KeyRing } = await import("../../contract/key-ring.ts");
    await restore(made.folder, {
      state: join(to, "larger ring"),
      ring: { ring: new KeyRing(larger), text: larger, fromEnvironment: true },
    });
    // What a variable holds stays there.
    expect(existsSync(join(to, "larger ring", "key-ring.json"))).toBe(false);
  });

  it("[ND54] opens a backup with a key of its own only with that key, and still needs the ring", async () => {
    const own = { MERIDIAN_BACKUP_KEY: Buffer.alloc(32, 5).toString("base64url") };
    const sealed = await node.backUp(join(to, "own key"), own);
    await expect(restore(sealed.folder)).rejects.toThrow(/put it into the variable MERIDIAN_BACKUP_KEY/);
    const other = { MERIDIAN_BACKUP_KEY: Buffer.alloc(32, 6).toString("base64url") };
    await expect(restore(sealed.folder, { env: other })).rejects.toThrow(/another key than MERIDIAN_BACKUP_KEY/);
    await expect(restore(sealed.folder, { env: own, ring: ringOf(40, "k2") })).rejects.toThrow(/lacks k2, k1|lacks k1, k2/);
    await restore(sealed.folder, { env: own });
  });

  it("[ND55] refuses a folder that holds anything, and leaves it as it is", async () => {
    const state = join(to, "used");
    mkdirSync(state);
    writeFileSync(join(state, "letter"), "mine");
    await expect(restore(made.folder, { state })).rejects.toThrow(/is not empty/);
    expect(readdirSync(state)).toEqual(["letter"]);
    rmSync(join(state, "letter"));
    await restore(made.folder, { state });
    expect(readdirSync(state)).toContain("state.json");
  });

  it("[ND55] refuses a newer format, and a newer layout of the state", async () => {
    const folder = copyOf("newer");
    const head = JSON.parse(readFileSync(join(folder, "backup.json"), "utf8")) as object;
    writeFileSync(join(folder, "backup.json"), JSON.stringify({ ...head, format: 2, key: "of another shape" }));
    await expect(restore(folder)).rejects.toThrow(/format 2.*newer Meridian/);
    const version = join(node.folder, "state.json");
    writeFileSync(version, JSON.stringify({ version: 900 }));
    const later = await node.backUp(join(to, "later"));
    writeFileSync(version, JSON.stringify({ version: 1 }));
    await expect(restore(later.folder)).rejects.toThrow(/state version 900/);
  });

  it("[ND55] refuses a byte changed, a file missing, cut short or exchanged, wherever it is, and leaves nothing", async () => {
    const folder = copyOf("spoilt");
    const names = readdirSync(folder).filter((name) => name !== "backup.json");
    expect(names.length).toBeGreaterThan(6);
    const spoil = async (name: string, how: (bytes: Buffer) => Uint8Array | null): Promise<void> => {
      const bytes = readFileSync(join(folder, name));
      const spoilt = how(Buffer.from(bytes));
      if (spoilt) writeFileSync(join(folder, name), spoilt);
      else rmSync(join(folder, name));
      await expect(restore(folder), name).rejects.toThrow();
      writeFileSync(join(folder, name), bytes);
    };
    for (const name of names) {
      await spoil(name, (bytes) => (bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1), bytes));
      await spoil(name, (bytes) => (bytes.writeUInt8((bytes.at(10) ?? 0) ^ 1, 10), bytes)); // of the salt
      await spoil(name, (bytes) => bytes.subarray(0, bytes.length - 1));
      await spoil(name, (bytes) => Buffer.concat([bytes, Buffer.from([0])]));
      await spoil(name, () => null);
      await spoil(name, () => readFileSync(join(folder, names.find((other) => other !== name) ?? "")));
    }
    await spoil("backup.json", () => null);
    expect(readdirSync(to).filter((name) => name.startsWith("state of spoilt"))).toEqual([]);
    await restore(folder);
  });

  it("[ND51] refuses a backup that was not finished", async () => {
    const folder = join(to, "node-2.partial");
    mkdirSync(folder);
    for (const file of readdirSync(made.folder)) if (file !== "backup.json") copyFileSync(join(made.folder, file), join(folder, file));
    await expect(restore(folder)).rejects.toThrow(/was not finished/);
  });

  it("[ND57] that was killed leaves a folder that no server takes, and that the next restore clears away", async () => {
    const state = join(to, "killed");
    const half = `${state}.restoring`;
    mkdirSync(half);
    writeFileSync(join(half, "unfinished.json"), JSON.stringify({ pid: 2 ** 22 + 1, began: "long ago" }));
    writeFileSync(join(half, "state.json"), JSON.stringify({ restoring: made.head.id }));
    expect(() => openState(half)).toThrow(/not readable as a state file/);
    await restore(made.folder, { state });
    expect(existsSync(half)).toBe(false);
    expect(openState(state).folder).toBe(state);
  });

  it("[ND58] gives objects numbers of events that nobody has seen, and each the alarm that it has stored itself", async () => {
    const { state } = await restore(made.folder, { state: join(to, "awake") });
    expect(rowsIn(state, OBJECT, "SELECT seq FROM kit_outbox")).toEqual([{ seq: 1n }]);
    expect(rowsIn(state, OBJECT, "SELECT seq FROM sqlite_sequence WHERE name = 'kit_outbox'")).toEqual([{ seq: 1_000_001n }]);
    // The list of alarms was copied later: the alarm had fired by then, and what it was for was not done in this snapshot.
    expect(rowsIn(state, "v3/do/meridian-Tenant/metadata.sqlite", "SELECT * FROM _cf_ALARM")).toEqual([
      { actor_id: ACTOR, scheduled_time: 1_795_172_806_670_000_000n, actor_name: "t1/tenant/main" },
    ]);
  });
});
