import { describe, expect, it } from "vitest";
import { TOPIC_LIMITS } from "../../../contract/room-limits.ts";
import type { RealtimeStats } from "../../../contract/realtime.ts";
import { topicSettingsSchema } from "../../../contract/topics.ts";
import { bytesWords, closeWords, realtimeHead } from "./realtime-words.ts";
import {
  conflictWords,
  dataWords,
  FIRST_DRAFT,
  FIRST_TOPIC,
  keptFor,
  messageOf,
  settingsWords,
  topicAddress,
  topicsHead,
  wrongName,
} from "./topic-words.ts";

const stats = (more: Partial<RealtimeStats> = {}): RealtimeStats => ({
  at: 0,
  objects: 2,
  sockets: 3,
  sendsPerSecond: 1,
  deliveriesPerSecond: 2,
  opensPerSecond: 0,
  recoveries: 0,
  refusedRecoveries: 0,
  shed: 0,
  errors: {},
  bytesSingle: 0,
  bytesBatched: 0,
  bytesSent: 0,
  delivery: { p50Ms: 5, p99Ms: 20, probes: 10 },
  queued: { critical: 0, normal: 0, low: 0 },
  unreadBytes: 0,
  outboxDepth: 0,
  slowQueries: [],
  busiest: [],
  ...more,
});

describe("the words of live delivery", () => {
  it("[RM230] say first whether it is all right, and what is the worst of what is not", () => {
    expect(realtimeHead(stats())).toMatchObject({ tone: "ok", headline: "3 sockets, all delivered" });
    expect(realtimeHead(stats({ sockets: 0 }))).toMatchObject({ tone: "muted", headline: "Nobody is connected" });
    const worst = stats({ shed: 4, refusedRecoveries: 1, delivery: { p50Ms: 5, p99Ms: 500, probes: 10 } });
    expect(realtimeHead(worst)).toMatchObject({ tone: "warn", headline: "3 sockets, delivery is slow" });
    const lost = realtimeHead(stats({ shed: 4, refusedRecoveries: 1 }));
    expect(lost).toMatchObject({ tone: "warn", headline: "3 sockets, some lost their place" });
    expect(lost.detail).toContain("1 client had to read everything anew");
    expect(realtimeHead(stats({ shed: 4 })).detail).toContain("4 publications left out");
  });

  it("[RM230] say how many bytes were saved, and nothing where none were", () => {
    expect(bytesWords(1_000, 250)).toMatch(/250 B, 75 % less$/);
    expect(bytesWords(0, 0)).not.toContain("%");
    expect(bytesWords(100, 100)).not.toContain("%");
    expect([closeWords("4101"), closeWords("4999")]).toEqual(["read too slowly", "code 4999"]);
  });
});

describe("the words of topics", () => {
  it("[RM231] say what a topic keeps and who reads it", () => {
    expect(settingsWords(FIRST_TOPIC)).toBe(
      "Keeps 1,000 messages for 1 day, sends together what comes within 100 ms. Read by whom a grant names.",
    );
    const keyed = { keyed: true, keep: 0, keepSeconds: 90, flushMs: 0, visibility: "public" } as const;
    expect(settingsWords(keyed)).toBe(
      "Holds the last write of each key, keeps nothing, sends each message at once. Everybody may read it.",
    );
    expect([604_800, 7_200, 5_400, 45].map(keptFor)).toEqual(["7 days", "2 hours", "90 min", "45 s"]);
    expect(topicsHead([{ visibility: "public" }, { visibility: "private" }])).toMatchObject({ tone: "ok", headline: "2 topics" });
    expect(topicsHead([]).tone).toBe("muted");
  });

  it("[RM231] begin a new topic as the contract does", () => {
    expect(FIRST_TOPIC).toEqual(topicSettingsSchema.parse({}));
  });

  it("[RM231] address a topic whose name has slashes, and refuse a name before it is sent", () => {
    expect(topicAddress("topic/orders/eu")).toBe("/console/live/topics/topic/orders%2Feu");
    expect(topicAddress("deployments/all")).toBe("/console/live/topics/deployments/all");
    expect(["", "news", "a/b:c", "x".repeat(TOPIC_LIMITS.nameChars)].map(wrongName)).toEqual([undefined, undefined, undefined, undefined]);
    for (const name of ["/a", "a/", "a//b", "ä", "a b", "x".repeat(TOPIC_LIMITS.nameChars + 1)]) expect(wrongName(name)).toBeDefined();
  });

  it("[RM232] take JSON as JSON and words as words, a key and a version where they are given", () => {
    const made = (more: object) => messageOf({ ...FIRST_DRAFT, ...more }, "c1");
    expect(made({ data: '{"a":1}' })).toEqual({ message: { type: "message", data: { a: 1 }, priority: "normal", clientId: "c1" } });
    expect(made({ data: "hello" })).toMatchObject({ message: { data: "hello" } });
    expect(made({ data: "1", type: " ", key: "k", version: " 7 " })).toMatchObject({ message: { type: "message", key: "k", version: 7 } });
    for (const version of ["-1", "1.5", "x"]) expect(made({ version })).toMatchObject({ field: "version" });
  });

  it("[RM232] show data on one line, and say which write lost and why", () => {
    expect(dataWords({ a: 1 })).toBe('{"a":1}');
    expect(dataWords("x".repeat(1_000))).toHaveLength(401);
    const lost = { version: 1, at: 5, clientId: "a", by: "key:k1" };
    const words = (won: object) => conflictWords({ key: "4711", lost, won: { version: 1, at: 5, clientId: "b", ...won } });
    expect(words({ version: 2 })).toBe("4711: version 1 of key:k1 came after version 2");
    expect(words({ at: 6 })).toContain("was the earlier");
    expect(words({})).toContain("at the same time");
  });
});
