import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLogFile } from "./log-file.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
let folder: string;
let path: string;
let now: number;
const complaints: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-log-"));
  path = join(folder, "logs/meridian.log");
  now = NOON;
  complaints.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (more: object = {}) => openLogFile({ path, now: () => now, complain: (sentence) => complaints.push(sentence), ...more });
const names = () => readdirSync(join(folder, "logs")).sort();

/** Every line of every file, oldest first, without those that only say when a file begins. */
function lines(): string[] {
  const texts = names().map((name) => {
    const bytes = readFileSync(join(folder, "logs", name));
    return name.endsWith(".gz") ? gunzipSync(bytes).toString() : bytes.toString();
  });
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "" && !line.includes("log-begins"));
}

describe("the log file", () => {
  it("[ND15] is put aside by its size, and every line stands in one of the files, in order", async () => {
    const log = open({ maxBytes: 2_000, keep: 1_000 });
    const written = Array.from({ length: 500 }, (_, n) => `line ${String(n).padStart(4, "0")} ${"x".repeat(n % 50)}`);
    for (const line of written) {
      now += 7;
      log.write(line);
    }
    await log.close();
    expect(names().length).toBeGreaterThan(8);
    expect(lines()).toEqual(written);
    for (const name of names().filter((file) => !file.endsWith(".gz")))
      expect(statSync(join(folder, "logs", name)).size).toBeLessThan(2_100);
  });

  it("[ND15] is put aside by its age, which a restart does not reset", async () => {
    const first = open();
    first.write("monday");
    await first.close();
    now += 20 * 3_600_000;
    const second = open();
    second.write("still monday");
    expect(names()).toEqual(["meridian.log"]);
    now += 5 * 3_600_000;
    second.write("tuesday");
    await second.close();
    expect(names()).toHaveLength(2);
    expect(lines()).toEqual(["monday", "still monday", "tuesday"]);
    expect(readFileSync(path, "utf8")).toContain("tuesday");
  });

  it("[ND16] keeps so many files put aside, compressed and for its owner only", async () => {
    const log = open({ maxBytes: 10, keep: 3 });
    for (let n = 0; n < 10; n++) {
      now += 1_000;
      log.write(`line ${n}`);
    }
    await log.close();
    const aside = names().filter((name) => name.endsWith(".gz"));
    expect(aside).toHaveLength(3);
    expect(names()).toEqual([...aside, "meridian.log"]);
    expect(lines()).toEqual(["line 6", "line 7", "line 8", "line 9"]);
    for (const name of names()) expect(statSync(join(folder, "logs", name)).mode & 0o077, name).toBe(0);
  });

  it("[ND16] finishes what a kill left between rename and compression", async () => {
    mkdirSync(join(folder, "logs"));
    const old = "meridian-2026-11-19T00-00-00.000Z.log";
    writeFileSync(join(folder, "logs", old), "old\n");
    writeFileSync(join(folder, "logs", `${old}.gz.partial`), "half");
    const log = open();
    log.write("new");
    await log.close();
    expect(names()).toEqual([`${old}.gz`, "meridian.log"]);
    expect(lines()).toEqual(["old", "new"]);
  });

  it("[ND15] goes on in the open file when it cannot be put aside", async () => {
    const log = open({ maxBytes: 10 });
    log.write("first");
    mkdirSync(`${path}.next`); // where the new file would be made
    log.write("second");
    log.write("third");
    expect(complaints).toHaveLength(1);
    rmdirSync(`${path}.next`);
    log.write("fourth");
    await log.close();
    expect(lines()).toEqual(["first", "second", "third", "fourth"]);
    expect(names().filter((name) => name.endsWith(".gz"))).toHaveLength(2);
  });

  it("[ND15] takes its place again when somebody took it away", async () => {
    const log = open({ maxBytes: 10 });
    log.write("first");
    rmSync(path);
    log.write("second");
    await log.close();
    expect(lines()).toEqual(["second"]);
    expect(complaints).toEqual([]);
  });

  it("[ND17] leaves no trace of trying to put it aside while the disk is full", async () => {
    let full = false;
    const writeBytes = (fd: number, bytes: Buffer, from: number): number => {
      if (full) throw new Error("ENOSPC: no space left on device");
      return writeSync(fd, bytes, from);
    };
    const log = open({ maxBytes: 10, writeBytes });
    log.write("before");
    await log.close();
    const again = open({ maxBytes: 10, writeBytes });
    full = true;
    const [files, descriptors] = [names(), readdirSync("/dev/fd").length];
    for (let n = 0; n < 50; n++) again.write(`lost ${n}`);
    expect(names()).toEqual(files);
    expect(readdirSync("/dev/fd")).toHaveLength(descriptors);
    full = false;
    again.write("after");
    await again.close();
    expect(lines().map((line) => (line.startsWith("{") ? (JSON.parse(line) as { lines: number }).lines : line))).toEqual([
      "before",
      50,
      "after",
    ]);
  });

  it("[ND15] begins a line of its own behind one that a full disk or a kill cut short", async () => {
    mkdirSync(join(folder, "logs"));
    writeFileSync(path, "first\nhal");
    let room = Number.POSITIVE_INFINITY;
    const writeBytes = (fd: number, bytes: Buffer, from: number): number => {
      if (room === 0) throw new Error("ENOSPC: no space left on device");
      const written = writeSync(fd, bytes, from, Math.min(room, bytes.length - from));
      room -= written;
      return written;
    };
    const log = open({ writeBytes });
    log.write("second");
    room = 4;
    log.write("third");
    room = Number.POSITIVE_INFINITY;
    log.write("fourth");
    await log.close();
    expect(lines().filter((line) => !line.startsWith("{"))).toEqual(["first", "hal", "second", "thir", "fourth"]);
  });

  it("[ND17] counts what cannot be written, tells it, and ends nothing", async () => {
    let full = false;
    const writeBytes = (fd: number, bytes: Buffer, from: number): number => {
      if (full) throw new Error("ENOSPC: no space left on device");
      return writeSync(fd, bytes, from, Math.ceil((bytes.length - from) / 2)); // half at a time, as a nearly full disk may
    };
    const log = open({ writeBytes });
    log.write("before");
    full = true;
    for (let n = 0; n < 3; n++) log.write(`lost ${n}`);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain("cannot be written");
    full = false;
    log.write("after");
    await log.close();
    expect(complaints[1]).toContain("3 lines are lost");
    const [before, told, after] = lines();
    expect([before, after]).toEqual(["before", "after"]);
    expect(JSON.parse(told ?? "")).toMatchObject({ event: "log-lines-lost", lines: 3 });
  });
});
