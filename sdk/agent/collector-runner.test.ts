import { describe, expect, it } from "vitest";
import type { Collector, CollectorName, Reading } from "./collector.ts";
import { CollectorRunner } from "./collector-runner.ts";
import { Problems } from "./problems.ts";
import { memoryLog, VirtualTime } from "./testing.ts";

const READING: Reading = { metric: "m", value: 1 };
const all = new Set<CollectorName>(["cpu", "disk", "memory"]);

function collector(name: CollectorName, read: Collector["read"], everyMs = 0): Collector {
  return { name, everyMs, limitMs: 3_000, read };
}

function runnerWith(...collectors: Collector[]) {
  const time = new VirtualTime();
  const log = memoryLog();
  const problems = new Problems(log);
  return { time, log, problems, runner: new CollectorRunner(collectors, { clock: time, timers: time, problems }) };
}

describe("CollectorRunner", () => {
  it("[AG51] a collector that throws is a problem line; the others bring their figures, and its recovery is told", async () => {
    let broken = true;
    const { runner, log, problems, time } = runnerWith(
      collector("disk", async () => {
        if (broken) throw new Error("EIO");
        return [READING];
      }),
      collector("cpu", async () => [READING]),
    );
    expect([...(await runner.run(all, 5_000)).keys()]).toEqual(["cpu"]);
    await runner.run(all, 5_000);
    expect(problems.lines(time.monoMs())).toEqual(["collector disk: EIO"]);
    broken = false;
    expect((await runner.run(all, 5_000)).size).toBe(2);
    expect(problems.lines(time.monoMs())).toEqual([]);
    expect(log.lines).toEqual(["warning: collector disk: EIO", "collector disk: fine again"]);
  });

  it("[AG51] a collector that hangs is left behind at its limit and not started again until it comes back", async () => {
    let starts = 0;
    let release: (readings: Reading[]) => void = () => undefined;
    const { runner, time, problems } = runnerWith(
      collector("disk", async () => {
        starts++;
        return await new Promise<Reading[]>((resolve) => (release = resolve));
      }),
      collector("cpu", async () => [READING]),
    );
    const round = runner.run(all, 5_000);
    await time.advance(3_000);
    expect([...(await round).keys()]).toEqual(["cpu"]);
    expect(problems.lines(0)).toEqual(["collector disk: took longer than 3000 ms"]);
    await time.advance(2_000);
    expect([...(await runner.run(all, 5_000)).keys()]).toEqual(["cpu"]);
    expect(starts).toBe(1);
    expect(problems.lines(0)).toEqual(["collector disk: has not answered for 5 s"]);
    release([READING]);
    await time.advance(5_000);
    const again = runner.run(all, 5_000);
    await time.advance(0);
    release([READING]);
    expect(new Set((await again).keys())).toEqual(new Set(["disk", "cpu"]));
    expect(starts).toBe(2);
  });

  it("[AG51] what a collector warns about stays a problem while the rest of it is used", async () => {
    const { runner, problems } = runnerWith(
      collector("disk", async (_, warn) => {
        warn("/mnt cannot be read (EACCES)");
        return [READING];
      }),
    );
    expect((await runner.run(all, 5_000)).get("disk")).toEqual([READING]);
    expect(problems.lines(0)).toEqual(["collector disk: /mnt cannot be read (EACCES)"]);
  });

  it("[AG53] runs an expensive collector no more often than it asks, half a round early counted as due", async () => {
    let reads = 0;
    const { runner, time } = runnerWith(
      collector(
        "memory",
        async () => {
          reads++;
          return [READING];
        },
        15_000,
      ),
    );
    const brought: number[] = [];
    for (let round = 0; round < 7; round++) {
      brought.push((await runner.run(all, 5_000)).size);
      await time.advance(round % 2 === 0 ? 4_900 : 5_100);
    }
    expect(brought).toEqual([1, 0, 0, 1, 0, 0, 1]);
    expect(reads).toBe(3);
  });

  it("[AG54] runs only what is enabled", async () => {
    const { runner } = runnerWith(
      collector("cpu", async () => [READING]),
      collector("disk", async () => [READING]),
    );
    expect([...(await runner.run(new Set<CollectorName>(["disk"]), 5_000)).keys()]).toEqual(["disk"]);
  });

  it("[AG51] figures that are no numbers are left out", async () => {
    const { runner } = runnerWith(
      collector("cpu", async () => [{ metric: "m", value: Number.NaN }, { metric: "m", value: Infinity }, READING]),
    );
    expect((await runner.run(all, 5_000)).get("cpu")).toEqual([READING]);
  });
});
