import { describe, expect, it } from "vitest";
import type { ObjectNamespace } from "../../contract/address.ts";
import { HOST_METRICS } from "../../contract/host-metrics.ts";
import type { HubRpc, Publication } from "../../contract/rpc/hub.ts";
import { NOON, TestShard } from "../../core/observe/testing.ts";
import { LivePublisher } from "./live-publisher.ts";

/** A publisher over a shard, hubs that remember, a clock and a timer that the test moves. */
class World {
  now = NOON;
  readonly sent: { hub: string; publications: readonly Publication[] }[] = [];
  readonly subscribers = new Map<string, number | Error>();
  readonly timers: { at: number; work: () => void }[] = [];
  readonly background: Promise<unknown>[] = [];
  readonly warnings: unknown[] = [];
  readonly rig = new TestShard();
  readonly publisher = new LivePublisher("epoch-1", {
    hubs: { getByName: (name: string) => this.#hub(name) } as unknown as ObjectNamespace<HubRpc>, // only `publish` is called
    tenantId: () => "t",
    shard: () => this.rig.shard,
    now: () => this.now,
    later: (ms, work) => void this.timers.push({ at: this.now + ms, work }),
    background: (work) => void this.background.push(work),
    warn: (error) => void this.warnings.push(error),
  });

  /** A sample of a host arrives and is committed. */
  report(host: string, value = 1): void {
    const labels = { host, core: "all" };
    this.rig.ingest([{ metric: HOST_METRICS.cpu, labels, at: this.now, value }], this.now);
    const slot = this.rig.shard.hosts.find(host)?.single.get(HOST_METRICS.cpu) ?? 0;
    const { low, high } = this.rig.shard.heads.newestBits(slot);
    this.publisher.changed(host, slot, this.now, low, high);
    this.publisher.settle(this.now);
  }

  /** Moves the clock and runs what is due. */
  async advance(ms: number): Promise<void> {
    this.now += ms;
    for (const timer of this.timers.splice(0)) {
      if (timer.at <= this.now) timer.work();
      else this.timers.push(timer);
    }
    await Promise.all(this.background.splice(0));
  }

  channels(hub: string): string[] {
    return this.sent
      .filter((entry) => entry.hub === hub)
      .flatMap(({ publications }) => publications.map(({ channel, offset }) => `${channel}#${offset}`));
  }

  #hub(name: string) {
    return {
      publish: async (publications: readonly Publication[]) => {
        const answer = this.subscribers.get(name) ?? 1;
        if (answer instanceof Error) throw answer;
        this.sent.push({ hub: name, publications });
        return await Promise.resolve(answer);
      },
    };
  }
}

describe("live publications of a shard", () => {
  it("[MT63] arm no timer and send nothing while nobody is interested", async () => {
    const world = new World();
    world.report("web");
    expect(world.timers).toHaveLength(0);
    world.publisher.lease("0", ["all"], world.now + 30_000);
    await world.advance(5_000);
    expect([world.timers.length, world.sent.length]).toEqual([0, 0]);
  });

  it("[MT61] go out at most once a second, with only the hosts that changed, to each hub what it asked for", async () => {
    const world = new World();
    world.publisher.lease("0", ["all"], NOON + 30_000);
    world.publisher.lease("1", ["web", "silent"], NOON + 30_000);
    world.report("web", 0.25);
    world.report("db", 0.5);
    await world.advance(0);
    expect(world.channels("t/hub/0")).toEqual(["metrics/all#1"]);
    expect(world.channels("t/hub/1")).toEqual(["metrics/web#1"]);
    expect(world.sent[0]?.publications[0]).toMatchObject({
      epoch: "epoch-1",
      at: NOON,
      data: { hosts: [{ host: "web", cpuRatio: 0.25 }, { host: "db" }] },
    });
    expect(world.sent[1]?.publications[0]?.data).toMatchObject({
      host: "web",
      series: [{ metric: HOST_METRICS.cpu, points: [[NOON, 0.25]] }],
    });
    for (let i = 0; i < 20; i++) {
      await world.advance(100);
      world.report("db", i);
    }
    expect(world.channels("t/hub/0")).toEqual(["metrics/all#1", "metrics/all#2", "metrics/all#3"]);
    expect(world.sent.at(-1)?.publications[0]?.data).toMatchObject({ hosts: [{ host: "db" }] });
    expect(world.channels("t/hub/1")).toEqual(["metrics/web#1"]);
  });

  it("[MT60] stop when the lease ends, and begin again with the next", async () => {
    const world = new World();
    world.publisher.lease("0", ["all"], NOON + 1_500);
    world.report("web");
    await world.advance(1_000);
    expect(world.sent).toHaveLength(1);
    world.report("web");
    await world.advance(1_000);
    world.report("web");
    await world.advance(1_000);
    expect(world.sent).toHaveLength(1);
    expect(world.publisher.lease("0", ["all"], world.now + 30_000)).toEqual([{ topic: "all", epoch: "epoch-1", offset: 1 }]);
    world.report("web");
    await world.advance(1_000);
    expect(world.channels("t/hub/0")).toEqual(["metrics/all#1", "metrics/all#2"]);
  });

  it("[MT62] stop when a hub says that it has no subscribers", async () => {
    const world = new World();
    world.subscribers.set("t/hub/0", 0);
    world.publisher.lease("0", ["all"], NOON + 30_000);
    for (let i = 0; i < 3; i++) {
      world.report("web");
      await world.advance(1_000);
    }
    expect(world.sent).toHaveLength(1);
    expect(world.timers).toHaveLength(0);
  });

  it("[MT62] go on when a hub fails, with a higher offset, so that its clients see the gap", async () => {
    const world = new World();
    world.subscribers.set("t/hub/0", new Error("overloaded"));
    world.publisher.lease("0", ["all"], NOON + 30_000);
    world.report("web");
    await world.advance(1_000);
    world.subscribers.delete("t/hub/0");
    world.report("web");
    await world.advance(1_000);
    expect(world.warnings).toHaveLength(1);
    expect(world.channels("t/hub/0")).toEqual(["metrics/all#2"]);
  });

  it("[MT71] never leave the tenant: another tenant's hub is refused", () => {
    const world = new World();
    expect(() => world.publisher.lease("other/hub/0", ["all"], NOON + 1)).toThrow();
    expect(world.publisher.lease("t/hub/0", ["all"], NOON + 1)).toHaveLength(1);
  });
});
