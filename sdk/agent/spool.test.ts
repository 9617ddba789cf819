import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Spool } from "./spool.ts";
import { batchNamed, nameOf, temporaryFolder } from "./testing.ts";

const MB = 1 << 20;

function drain(spool: Spool): string[] {
  const names: string[] = [];
  for (let batch = spool.peek(); batch; batch = spool.peek()) {
    names.push(nameOf(batch) ?? "");
    spool.shift(batch);
  }
  return names;
}

const segments = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".spool"));

describe("Spool", () => {
  it("[AG60] gives batches back oldest first, and forgets what was let go", () => {
    using folder = temporaryFolder();
    const spool = new Spool({ folder: folder.path, maxBytes: MB });
    for (const name of ["a", "b", "c"]) spool.append(batchNamed(name, name.charCodeAt(0)));
    expect(spool.batches).toBe(3);
    expect(spool.peek()?.newestMs).toBe(97);
    expect(drain(spool)).toEqual(["a", "b", "c"]);
    expect([spool.batches, spool.bytes, spool.dropped]).toEqual([0, 0, 0]);
    expect(segments(folder.path)).toEqual([]);
  });

  it("[AG60] goes on where it stopped after a restart, batches let go before it included", () => {
    using folder = temporaryFolder();
    const before = new Spool({ folder: folder.path, maxBytes: MB });
    for (const name of ["a", "b", "c"]) before.append(batchNamed(name));
    const first = before.peek();
    if (first) before.shift(first);
    const after = new Spool({ folder: folder.path, maxBytes: MB });
    after.append(batchNamed("d"));
    expect(after.batches).toBe(3);
    expect(drain(after)).toEqual(["b", "c", "d"]);
  });

  it("[AG61] survives a kill at every byte of a write: whole batches stay, at most the torn one is gone, new ones follow", () => {
    using source = temporaryFolder();
    const whole = new Spool({ folder: source.path, maxBytes: MB });
    for (const name of ["first", "second", "third"]) whole.append(batchNamed(name));
    const [file = ""] = segments(source.path);
    const bytes = readFileSync(join(source.path, file));
    const seen = new Set<number>();
    for (let cut = 0; cut <= bytes.length; cut++) {
      using folder = temporaryFolder();
      writeFileSync(join(folder.path, file), bytes.subarray(0, cut));
      const spool = new Spool({ folder: folder.path, maxBytes: MB });
      spool.append(batchNamed("after"));
      const names = drain(spool);
      const kept = names.length - 1;
      expect(names).toEqual([...["first", "second", "third"].slice(0, kept), "after"]);
      // Headers of 20 bytes and names of 5, 6 and 5.
      expect(kept).toBe([25, 51, 76].filter((end) => end <= cut).length);
      seen.add(kept);
    }
    expect([...seen]).toEqual([0, 1, 2, 3]);
  });

  it("[AG61] a flipped bit anywhere costs one batch, never the ones behind it", () => {
    using source = temporaryFolder();
    const whole = new Spool({ folder: source.path, maxBytes: MB });
    for (const name of ["first", "second", "third"]) whole.append(batchNamed(name));
    const [file = ""] = segments(source.path);
    const bytes = readFileSync(join(source.path, file));
    for (let at = 0; at < bytes.length; at++) {
      using folder = temporaryFolder();
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      writeFileSync(join(folder.path, file), damaged);
      const names = drain(new Spool({ folder: folder.path, maxBytes: MB }));
      expect(names).toHaveLength(2);
      expect(["first", "second", "third"]).toEqual(expect.arrayContaining(names));
    }
  });

  it("[AG61] any bytes in its files are survived", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 100 }), (segment, cursor) => {
        using folder = temporaryFolder();
        writeFileSync(join(folder.path, "segment-000000000007.spool"), segment);
        writeFileSync(join(folder.path, "cursor.json"), cursor);
        const spool = new Spool({ folder: folder.path, maxBytes: MB });
        spool.append(batchNamed("new"));
        expect(drain(spool).at(-1)).toBe("new");
      }),
      { seed: 61, numRuns: 100 },
    );
  });

  it("[AG62] stays within its bound, drops the oldest and counts them", () => {
    using folder = temporaryFolder();
    const maxBytes = 64 * 1_024;
    const spool = new Spool({ folder: folder.path, maxBytes });
    const text = "x".repeat(980);
    for (let i = 0; i < 200; i++) {
      spool.append(batchNamed(`${String(i).padStart(4, "0")}${text}`));
      const onDisk = segments(folder.path).reduce((sum, name) => sum + statSync(join(folder.path, name)).size, 0);
      expect(onDisk).toBeLessThanOrEqual(maxBytes);
      expect(spool.bytes).toBe(onDisk);
    }
    const kept = drain(spool).map((name) => Number(name.slice(0, 4)));
    expect(kept.at(-1)).toBe(199);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 200 - kept.length + i));
    expect(spool.dropped).toBe(200 - kept.length);
    // A drop takes one segment of sixteen.
    expect(kept.length).toBeGreaterThanOrEqual(Math.floor((15 / 16) * (maxBytes / 1_004)) - 4);
  });

  it("[AG62] a smaller bound after a restart holds at once", () => {
    using folder = temporaryFolder();
    const before = new Spool({ folder: folder.path, maxBytes: 128 * 1_024 });
    for (let i = 0; i < 100; i++) before.append(batchNamed("y".repeat(1_000)));
    const after = new Spool({ folder: folder.path, maxBytes: 32 * 1_024 });
    expect(after.bytes).toBeLessThanOrEqual(32 * 1_024);
    expect(after.batches + after.dropped).toBe(100);
  });

  it("[AG62] a batch that was dropped while it was on its way takes no other with it", () => {
    using folder = temporaryFolder();
    const spool = new Spool({ folder: folder.path, maxBytes: 64 * 1_024 });
    spool.append(batchNamed("old"));
    const flying = spool.peek();
    for (let i = 0; spool.dropped === 0; i++) spool.append(batchNamed(`${i} ${"z".repeat(2_000)}`));
    const left = spool.batches;
    if (flying) spool.shift(flying);
    expect(spool.batches).toBe(left);
  });

  it("[AG63] keeps the newest in memory while the disk refuses, and writes them when it takes again", () => {
    using folder = temporaryFolder();
    const spool = new Spool({ folder: folder.path, maxBytes: MB, memoryBytes: 8 });
    // Folders where it wants to write files: three refusals, whoever runs this.
    for (const seq of [1, 2, 3]) mkdirSync(join(folder.path, `segment-${String(seq).padStart(12, "0")}.spool`));
    for (const name of ["aaa", "bbb", "ccc"]) spool.append(batchNamed(name));
    expect([spool.writeError, spool.batches, nameOf(spool.peek())]).toEqual(["EISDIR", 2, "bbb"]);
    spool.append(batchNamed("ddd"));
    expect(spool.writeError).toBeUndefined();
    expect([spool.dropped, drain(spool)]).toEqual([1, ["bbb", "ccc", "ddd"]]);
  });

  it("[AG63] keeps the newest in memory when its folder is gone", () => {
    using folder = temporaryFolder();
    const spool = new Spool({ folder: join(folder.path, "inner"), maxBytes: MB, memoryBytes: 8 });
    folder[Symbol.dispose]();
    for (const name of ["aaa", "bbb", "ccc"]) spool.append(batchNamed(name));
    expect(spool.writeError).toBe("ENOENT");
    expect([spool.dropped, drain(spool)]).toEqual([1, ["bbb", "ccc"]]);
  });

  it("[AG60] foreign files in its folder are left alone", () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "notes.txt"), "mine");
    appendFileSync(join(folder.path, "segment-1.spool"), "not ours either");
    drain(new Spool({ folder: folder.path, maxBytes: MB }));
    expect(readdirSync(folder.path).sort()).toEqual(["notes.txt", "segment-1.spool"]);
  });

  it("[AG60] agrees with a plain list over any order of appends, shifts and restarts", () => {
    let restarts = 0;
    let shifts = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat({ max: 600 }), fc.constantFrom("shift", "shift", "restart", "peek")), { maxLength: 60, size: "max" }),
        (steps) => {
          using folder = temporaryFolder();
          // Small enough for segments of 4 KiB to turn over, large enough to drop none.
          const open = () => new Spool({ folder: folder.path, maxBytes: 64 * 1_024 });
          let spool = open();
          const model: string[] = [];
          let made = 0;
          for (const step of steps) {
            if (typeof step === "number") {
              const name = `${made++}-${"q".repeat(step)}`;
              spool.append(batchNamed(name));
              model.push(name);
            } else if (step === "restart") {
              spool = open();
              restarts++;
            } else {
              const batch = spool.peek();
              expect(nameOf(batch)).toBe(model[0]);
              if (step === "shift" && batch) {
                spool.shift(batch);
                model.shift();
                shifts++;
              }
            }
            expect(spool.batches).toBe(model.length);
          }
          expect(drain(spool)).toEqual(model);
        },
      ),
      { seed: 60, numRuns: 150 },
    );
    expect(restarts).toBeGreaterThan(100);
    expect(shifts).toBeGreaterThan(100);
  });
});
