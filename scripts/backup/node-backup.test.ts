import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { PinnedDatabase } from "./pinned.ts";
import { pinBlobs } from "./blobs.ts";
import { restoreNode } from "./node-restore.ts";
import { ACTOR, FakeState, rowsIn, scratch } from "./testing.ts";

const OBJECT = `v3/do/meridian-Tenant/${ACTOR}.sqlite`;
const R2 = `v3/r2/miniflare-R2BucketObject/${"e".repeat(64)}.sqlite`;
const states: FakeState[] = [];

function state(): FakeState {
  const made = new FakeState();
  states.push(made);
  return made;
}

afterEach(() => {
  for (const made of states.splice(0)) {
    made.close();
    rmSync(join(made.folder, ".."), { recursive: true, force: true });
  }
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(folder, path)).isFile());
}

describe("a backup of a node", () => {
  it("[ND52] holds each database as it was at one moment, however it is written to meanwhile, and no write waits", async () => {
    const node = state();
    const insert = node.object.prepare("INSERT INTO thing (name, data) VALUES (?, ?)");
    for (let i = 0; i < 2_000; i++) insert.run(`thing ${i}`, new Uint8Array(2_000).fill(i));
    const pinned = PinnedDatabase.pin(join(node.folder, OBJECT));
    node.object.exec("UPDATE thing SET name = 'later'");
    expect(pinned?.all("SELECT count(*) AS n FROM thing WHERE name = 'later'")).toMatchObject([{ n: 0 }]);
    pinned?.release();

    // An open transaction of the writer, as at any moment of a busy node: what it has not committed is not there.
    node.object.exec("BEGIN; DELETE FROM thing");
    const to = scratch();
    const running = node.backUp(to);
    const moved = setInterval(() => node.db.exec("UPDATE identity_user SET email = email || '.'"), 1);
    const made = await running;
    clearInterval(moved);
    node.object.exec("COMMIT");
    node.object.exec("INSERT INTO thing (name) VALUES ('after')");
    const back = join(to, "back");
    await restoreNode({ from: made.folder, state: back, ring: node.ring, env: {} });
    expect(rowsIn(back, OBJECT, "SELECT count(*) AS n, sum(length(data)) AS bytes FROM thing")).toEqual([{ n: 2_000n, bytes: 4_000_000n }]);
    expect(rowsIn(back, OBJECT, "PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
    rmSync(to, { recursive: true });
  });

  it("[ND52] takes objects before D1 and D1 before R2, and each class's alarms after its objects", async () => {
    const node = state();
    const to = scratch();
    const { manifest } = await node.backUp(to);
    const databases = manifest.entries
      .filter((entry) => entry.kind === "sqlite")
      .map((entry) => entry.path.split("/").slice(1, 3).join("/"));
    expect(databases).toEqual(["do/meridian-Tenant", "do/meridian-Tenant", "d1/miniflare-D1DatabaseObject", "r2/miniflare-R2BucketObject"]);
    expect(manifest.entries.find((entry) => entry.kind === "sqlite")?.path).toBe(OBJECT);
    rmSync(to, { recursive: true });
  });

  it("[ND53] holds every blob that a saved row names, though it is overwritten in the meantime", async () => {
    const node = state();
    node.putBlob("history/a", "blob-1", Buffer.from("first"));
    const pinned = pinBlobs(node.folder, R2, join(node.folder, "backups/x.work/blobs"));
    // R2 overwrites: the new blob, the row, and then the old blob goes.
    node.putBlob("history/a", "blob-2", Buffer.from("second"));
    rmSync(node.blobFile("blob-1"));
    expect(pinned?.blobs.map(({ path, held }) => [path, readFileSync(held, "utf8")])).toEqual([
      ["v3/r2/meridian-archive/blobs/blob-1", "first"],
    ]);
    pinned?.index.release();
  });

  it("[ND53] restores blobs and parts of uploads byte by byte, and leaves out what no row names", async () => {
    const node = state();
    const bytes = Buffer.alloc(3_000_000, "abc");
    node.putBlob("exports/a", "blob-1", bytes);
    writeFileSync(node.blobFile("part-1"), "a part");
    writeFileSync(node.blobFile("orphan"), "of a crash");
    node.r2.exec("INSERT INTO _mf_multipart_parts VALUES ('up', 1, 'part-1')");
    const to = scratch();
    const made = await node.backUp(to);
    const back = join(to, "back");
    await restoreNode({ from: made.folder, state: back, ring: node.ring, env: {} });
    const blobs = join(back, "v3/r2/meridian-archive/blobs");
    expect(readdirSync(blobs).sort()).toEqual(["blob-1", "part-1"]);
    expect(Buffer.compare(readFileSync(join(blobs, "blob-1")), bytes)).toBe(0);
    rmSync(to, { recursive: true });
  });

  it("[ND59] leaves nothing that anybody else may read, nothing plain, and no copies behind", async () => {
    const node = state();
    node.putBlob("exports/a", "blob-1", Buffer.from("secret-name in a blob"));
    const to = scratch();
    const made = await node.backUp(to);
    const files = filesUnder(made.folder);
    expect(files.length).toBeGreaterThan(7);
    for (const file of files) {
      expect(statSync(join(made.folder, file)).mode & 0o077, file).toBe(0);
      const text = readFileSync(join(made.folder, file), "latin1");
      for (const plain of ["secret-name", "plain-password", "ada@example.com", "t1/tenant", "SQLite format"])
        expect(text).not.toContain(plain);
      expect(text).not.toContain(JSON.parse(node.ring.text).keys.k1);
    }
    expect(statSync(made.folder).mode & 0o077).toBe(0);
    expect(readdirSync(join(node.folder, "backups"))).toEqual([]);
    rmSync(to, { recursive: true });
  });

  it("[ND54] does not hold the key ring, nor what may be lost", async () => {
    const node = state();
    const to = scratch();
    const { manifest } = await node.backUp(to);
    const paths = manifest.entries.map((entry) => entry.path);
    expect(paths.filter((path) => /key-ring|cache|backups|server/.test(path))).toEqual([]);
    expect(paths).toContain("state.json");
    rmSync(to, { recursive: true });
  });

  it("[ND51] clears away what a killed backup left, and nothing else", async () => {
    const node = state();
    const to = scratch();
    const dead = { pid: 2 ** 22 + 1, began: "long ago" };
    for (const [folder, owner] of [
      [join(to, "node-1.partial"), dead],
      [join(node.folder, "backups/x.work"), dead],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "unfinished.json"), JSON.stringify(owner));
      writeFileSync(join(folder, "copy.sqlite"), "plain");
    }
    mkdirSync(join(to, "mine.partial"));
    writeFileSync(join(to, "mine.partial/letter"), "not ours");
    const made = await node.backUp(to);
    expect(new Set(readdirSync(to))).toEqual(new Set(["mine.partial", made.folder.split("/").at(-1)]));
    expect(existsSync(join(node.folder, "backups/x.work"))).toBe(false);
    rmSync(to, { recursive: true });
  });

  it("[ND51] that fails leaves no folder, and refuses one within the state or without a state in a sentence", async () => {
    const node = state();
    const to = scratch();
    await expect(node.backUp(join(node.folder, "saved"))).rejects.toThrow(/within the state folder/);
    symlinkSync(node.folder, join(to, "link"));
    await expect(node.backUp(join(to, "link/saved"))).rejects.toThrow(/within the state folder/);
    rmSync(join(to, "link"));
    await expect(node.backUp(to, { MERIDIAN_BACKUP_KEY: "short" })).rejects.toThrow(/base64url of 32 bytes/);
    writeFileSync(join(node.folder, "state.json"), "{}");
    await expect(node.backUp(to)).rejects.toThrow(/not readable as a state file/);
    rmSync(join(node.folder, "state.json"));
    await expect(node.backUp(to)).rejects.toThrow(/holds no state.json/);
    expect(readdirSync(to)).toEqual([]);
    rmSync(to, { recursive: true });
  });
});
