import { describe, expect, it } from "vitest";
import type { Publication } from "../../../contract/rpc/hub.ts";
import type { Priority } from "../../../contract/room-live.ts";
import { Broadcast } from "./broadcast.ts";
import { Lane } from "./lane.ts";

function publication(offset: number, priority: Priority = "normal", channel = "topic/a"): Publication {
  return { channel, epoch: "e", offset, type: "m", at: 1, data: offset, after: offset - 1, priority };
}
const chain = (publications: readonly Publication[]) => publications.map(({ after, offset }) => `${after}>${offset}`);

describe("a queue of publications", () => {
  it("[TP5] holds all up to its bound; above it loses the low ones, and says so before the next of their topic", () => {
    const lane = new Lane({ soft: 4, hard: 100 });
    lane.add([publication(1), publication(2, "low"), publication(3, "low"), publication(4)]);
    expect([lane.size, lane.shed]).toEqual([4, 0]);
    lane.add([publication(1, "low", "topic/b"), publication(5, "low")]);
    expect(lane.shed).toBe(4);
    expect(chain(lane.take(10))).toEqual(["0>1", "1>4"]);
    lane.add([publication(2, "normal", "topic/b"), publication(6)]);
    expect(chain(lane.take(10))).toEqual(["0>2", "4>6"]);
  });

  it("[TP5] lets go of all but the newest of each topic above its hard bound: whoever gets that fetches what is missing", () => {
    const lane = new Lane({ soft: 1, hard: 3 });
    lane.add([publication(1), publication(2), publication(3)]);
    expect(lane.size).toBe(3);
    lane.add([publication(1, "normal", "topic/b"), publication(4)]);
    expect(lane.size).toBe(2);
    expect(chain(lane.take(10))).toEqual(["0>1", "3>4"]);
  });
});

describe("windows of publications", () => {
  it("[TP3] send the first at once and what follows within the window together at its end", () => {
    const windows = new Broadcast();
    expect(windows.add("topic/a", [publication(1)], 100, 1_000)).toHaveLength(1);
    expect(windows.add("topic/a", [publication(2)], 100, 1_020)).toEqual([]);
    expect(windows.add("topic/a", [publication(3)], 100, 1_090)).toEqual([]);
    expect(windows.waitMs(1_090)).toBe(10);
    expect(windows.due(1_099)).toEqual([]);
    expect(windows.due(1_100).map(({ offset }) => offset)).toEqual([2, 3]);
    expect(windows.waitMs(1_100)).toBeUndefined();
    expect(windows.add("topic/a", [publication(4)], 100, 1_150)).toEqual([]);
    expect(windows.add("topic/b", [publication(1, "normal", "topic/b")], 100, 1_150)).toHaveLength(1);
  });

  it("[TP4] keep nothing of a topic back when something critical comes", () => {
    const windows = new Broadcast();
    windows.add("topic/a", [publication(1)], 100, 1_000);
    windows.add("topic/a", [publication(2)], 100, 1_010);
    expect(windows.add("topic/a", [publication(3, "critical")], 100, 1_020).map(({ offset }) => offset)).toEqual([2, 3]);
    expect(windows.counts()).toEqual({ critical: 0, normal: 0, low: 0 });
  });

  it("[TP3] wait no longer than the window when the clock was set back", () => {
    const windows = new Broadcast();
    windows.add("topic/a", [publication(1)], 100, 1_000_000);
    windows.add("topic/a", [publication(2)], 100, 1_000);
    expect(windows.waitMs(1_000)).toBe(100);
  });
});
