import { describe, expect, it } from "vitest";
import type { Host } from "../../../contract/hosts.ts";
import { lastKnown } from "../../lib/last-known.ts";
import { boardState, cutOffState } from "./board-state.ts";
import { compareHosts, matchesFilter, mergeSummary, stateAt, troublesOf, viewOf } from "./host-board.ts";

const NOW = 1_000_000_000;
const START = NOW - 300_000;

function host(name: string, more: Partial<Host> = {}): Host {
  const flat = (value: number | null) => Array.from({ length: 60 }, () => value);
  return {
    host: name,
    lastSampleAt: NOW - 2_000,
    lastReceivedAt: NOW - 1_900,
    cpuRatio: 0.2,
    load1: 1,
    memoryUsedBytes: 4,
    memoryTotalBytes: 8,
    diskUsedBytes: 1,
    diskTotalBytes: 10,
    receiveBytesPerSecond: 10,
    transmitBytesPerSecond: 5,
    uptimeSeconds: 100,
    state: "online",
    agentId: name,
    agentVersion: "1",
    recent: {
      startMs: START,
      stepMs: 5_000,
      cpuRatio: flat(0.2),
      memoryRatio: flat(0.5),
      diskRatio: flat(0.1),
      networkBytesPerSecond: flat(15),
    },
    ...more,
  };
}
const view = (name: string, more: Partial<Host> = {}) => viewOf(host(name, more));
const busy = (cpuRatio: number) => ({ cpuRatio, recent: { ...host("a").recent, cpuRatio: Array.from({ length: 60 }, () => cpuRatio) } });
const silent = (ms: number) => ({ lastReceivedAt: NOW - ms, lastSampleAt: NOW - ms });

describe("a host's state", () => {
  it("[UI18] is late after 45 s and offline after 90 s without a sample received", () => {
    expect([44_999, 45_000, 89_999, 90_000].map((ms) => stateAt(view("a", silent(ms)), NOW))).toEqual([
      "online",
      "late",
      "late",
      "offline",
    ]);
  });

  it("[UI18] knows since when it is online from the last long gap", () => {
    const cpuRatio = host("a").recent.cpuRatio.map((value, i) => (i >= 10 && i < 19 ? null : value));
    const memoryRatio = cpuRatio;
    expect(view("a", { recent: { ...host("a").recent, cpuRatio, memoryRatio } }).onlineSince).toBe(START + 19 * 5_000);
    const short = host("a").recent.cpuRatio.map((value, i) => (i >= 10 && i < 18 ? null : value));
    expect(view("a", { recent: { ...host("a").recent, cpuRatio: short, memoryRatio: short } }).onlineSince).toBeNull();
  });
});

describe("hosts in order", () => {
  it("[UI19] come worst first: offline, late, full or busy, then by name with its number counted", () => {
    const all = [
      view("web-10"),
      view("web-9"),
      view("busy", busy(0.85)),
      view("full", { diskUsedBytes: 9.5 }),
      view("late", silent(50_000)),
      view("gone", silent(500_000)),
    ];
    expect(all.toSorted((a, b) => compareHosts(a, b, NOW)).map((one) => one.host)).toEqual([
      "gone",
      "late",
      "full",
      "busy",
      "web-9",
      "web-10",
    ]);
  });

  it("[UI19] do not swap while they are about equally busy", () => {
    const before = [view("a", busy(0.3)), view("b", busy(0.5))];
    const after = [view("a", busy(0.5)), view("b", busy(0.3))];
    for (const [a, b] of [before, after]) expect(a && b && compareHosts(a, b, NOW)).toBeLessThan(0);
  });

  it("[UI19] are filtered by words of the name and by state", () => {
    expect(matchesFilter(view("Web-eu-1"), { name: "eu web", state: "all" }, NOW)).toBe(true);
    expect(matchesFilter(view("Web-eu-1"), { name: "us", state: "all" }, NOW)).toBe(false);
    expect(matchesFilter(view("a", silent(60_000)), { name: "", state: "online" }, NOW)).toBe(false);
  });
});

describe("a push", () => {
  it("[UI20] moves the figures, adds a point to each sparkline and keeps gaps", () => {
    const before = view("a");
    const pushed = { ...host("a"), lastSampleAt: START + 62 * 5_000 + 1, lastReceivedAt: NOW + 11_000, cpuRatio: 0.9, memoryUsedBytes: 8 };
    const after = mergeSummary(before, pushed);
    expect(after.cpuRatio).toBe(0.9);
    expect(after.recent.startMs).toBe(START + 3 * 5_000);
    expect(after.recent.cpuRatio.slice(-4)).toEqual([0.2, null, null, 0.9]);
    expect(after.recent.memoryRatio.at(-1)).toBe(1);
    expect(after.recent.cpuRatio).toHaveLength(60);
    expect(before.recent.cpuRatio.at(-1)).toBe(0.2);
  });

  it("[UI20] that is older than what is shown changes nothing", () => {
    const before = view("a");
    expect(mergeSummary(before, { ...host("a"), lastSampleAt: before.lastSampleAt - 1, cpuRatio: 1 })).toBe(before);
  });

  it("[UI20] brings a host nobody listed, and a host that was away is online since then", () => {
    const fresh = mergeSummary(undefined, host("new"));
    expect(fresh.recent.cpuRatio.at(-1)).toBe(0.2);
    expect(fresh.recent.cpuRatio.slice(0, -1).every((value) => value === null)).toBe(true);
    const back = mergeSummary(view("a", silent(200_000)), host("a"));
    expect(back.onlineSince).toBe(NOW - 1_900);
  });
});

describe("the top line", () => {
  it("[UI21] says that all are online and since when, as far as it is known", () => {
    expect(boardState([view("a"), view("b"), view("c")], NOW)).toMatchObject({
      tone: "ok",
      headline: "All 3 hosts online",
      since: "for more than 5 min",
    });
    const back = { ...view("a"), onlineSince: NOW - 120_000 };
    expect(boardState([back, view("b")], NOW).since).toMatch(/^since \d\d:\d\d, 2 min ago$/);
    expect(boardState([view("solo")], NOW).headline).toBe("solo is online");
  });

  it("[UI21] names the worst first, how many, who, and since when", () => {
    const state = boardState([view("a"), view("b", silent(60_000)), view("c", silent(240_000))], NOW);
    expect(state).toMatchObject({ tone: "critical", headline: "1 of 3 hosts offline", counts: { online: 1, late: 1, offline: 1 } });
    expect(state.since).toMatch(/^c silent for 4 min, since \d\d:\d\d$/);
    const many = ["a", "b", "c", "d", "e"].map((name, i) => view(name, silent(100_000 + i)));
    expect(boardState(many, NOW)).toMatchObject({ headline: "All 5 hosts offline" });
    expect(boardState(many, NOW).since).toMatch(/ and 2 more$/);
  });

  it("[UI40] judges no host while the console itself is cut off, and says what was true before", () => {
    expect(lastKnown(true, NOW - 600_000, NOW)).toBe(NOW);
    expect(lastKnown(false, NOW - 15_000, NOW)).toBe(NOW);
    expect(lastKnown(false, NOW - 15_001, NOW)).toBe(NOW - 15_001);
    const later = NOW + 600_000;
    const known = lastKnown(false, NOW, later);
    const state = cutOffState(boardState([view("a"), view("b")], known), later - known);
    expect(state).toMatchObject({ tone: "warn", headline: "No connection for 10 min", counts: { online: 2, late: 0, offline: 0 } });
    expect(state.since).toMatch(/before that: all 2 hosts online/);
  });

  it("[UI21] points at what is nearly full, or busy for half a minute, although it is online", () => {
    expect(troublesOf(view("a", { ...busy(0.95), memoryUsedBytes: 7.9 }))).toEqual(["CPU 95 %", "memory 99 %"]);
    expect(boardState([view("a", busy(0.95)), view("b", { cpuRatio: 1 })], NOW)).toMatchObject({
      tone: "warn",
      attention: ["a: CPU 95 %"],
    });
  });
});
