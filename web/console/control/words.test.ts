import { describe, expect, it } from "vitest";
import type { Key } from "../../../contract/access.ts";
import { DEFAULT_AGENT_CONFIG, type Agent } from "../../../contract/agents.ts";
import { EVENT_TYPES } from "../../../contract/events.ts";
import { adviceFor, agentsHead, skewWords, toneOf } from "./agent-words.ts";
import { EVENT_WORDS, LISTED_TYPES, spineHead } from "./event-words.ts";
import { keysHead, keyTone, lastUse } from "./key-words.ts";

const NOW = Date.UTC(2026, 10, 20);
const healthy = { spoolBatches: 0, spoolBytes: 0, droppedBatches: 0, problems: [] };

function agent(host: string, more: Partial<Agent> = {}): Agent {
  const seen = new Date(NOW).toISOString();
  const config = { ...DEFAULT_AGENT_CONFIG, version: 2 };
  return {
    id: host,
    host,
    connected: true,
    agentVersion: "1",
    platform: "linux",
    firstSeenAt: seen,
    lastSeenAt: seen,
    keyId: "k",
    config,
    appliedConfigVersion: 2,
    clockSkewMs: 20,
    health: healthy,
    ...more,
  };
}

function key(more: Partial<Key> = {}): Key {
  const createdAt = new Date(NOW).toISOString();
  return {
    id: "k",
    name: "ci",
    hint: "mrd_",
    scopes: [],
    state: "active",
    createdAt,
    createdBy: "user:1",
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    ...more,
  };
}

describe("agents in words", () => {
  it("[UI24] need nothing when all is well, and say what to do when it is not", () => {
    expect(adviceFor(agent("a"))).toEqual([]);
    expect(toneOf(agent("a"))).toEqual({ tone: "ok", word: "connected" });
    expect(adviceFor(agent("a", { connected: false }))[0]).toMatch(/Look whether/);
    expect(adviceFor(agent("a", { clockSkewMs: -4_200 }))[0]).toMatch(/4 s behind.*Set the host's clock/);
    expect(adviceFor(agent("a", { appliedConfigVersion: 1 }))[0]).toMatch(/still runs configuration v1/);
    expect(adviceFor(agent("a", { health: { ...healthy, problems: ["disk: denied"] } }))).toEqual(["disk: denied"]);
    expect(toneOf(agent("a", { health: { ...healthy, spoolBatches: 3, spoolBytes: 2_048 } })).tone).toBe("warn");
  });

  it("[UI24] sum up to one line, worst first", () => {
    expect(agentsHead([agent("a"), agent("b")])).toMatchObject({ tone: "ok", headline: "All 2 agents connected" });
    expect(agentsHead([agent("a", { connected: false }), agent("b", { appliedConfigVersion: 0 })])).toMatchObject({
      tone: "critical",
      headline: "1 of 2 agents disconnected",
      detail: "a · 1 needs a look: b",
    });
    expect([skewWords(50), skewWords(3_000), skewWords(-3_000)]).toEqual(["none", "3 s ahead", "3 s behind"]);
  });
});

describe("events in words", () => {
  it("[UI25] have words for every type and list only those that are stored singly", () => {
    expect(Object.keys(EVENT_WORDS).toSorted()).toEqual(Object.keys(EVENT_TYPES).toSorted());
    expect(LISTED_TYPES.every((type) => EVENT_TYPES[type] === "lifecycle")).toBe(true);
    expect(LISTED_TYPES).toHaveLength(Object.values(EVENT_TYPES).filter((kind) => kind === "lifecycle").length);
  });

  it("[UI25] say whether they arrive: dead letters, then delay, then objects that did not answer", () => {
    const status = (more: object = {}) => ({
      outbox: { depth: 0, oldestAgeMs: null, unanswered: [], objects: [] },
      queue: { name: "events", backlog: 0, oldestAgeMs: null },
      deadLetters: 0,
      asOf: "",
      ...more,
    });
    expect(spineHead(status())).toMatchObject({ tone: "ok", headline: "Events are delivered" });
    expect(spineHead(status({ deadLetters: 2 }))).toMatchObject({ tone: "critical", headline: "2 dead letters" });
    expect(spineHead(status({ queue: { name: "events", backlog: 9, oldestAgeMs: 90_000 } })).headline).toBe("Events are 1 min 30 s behind");
    expect(spineHead(status({ outbox: { depth: 0, oldestAgeMs: null, unanswered: ["x"], objects: [] } }))).toMatchObject({ tone: "warn" });
  });
});

describe("keys in words", () => {
  it("[UI37] do not show a key as used before it was made, since its use is kept to the minute", () => {
    const made = "2026-11-20T08:47:16.609Z";
    expect(lastUse({ createdAt: made, lastUsedAt: "2026-11-20T08:47:00.000Z" })).toBe(made);
    expect(lastUse({ createdAt: made, lastUsedAt: "2026-11-20T08:48:00.000Z" })).toBe("2026-11-20T08:48:00.000Z");
    expect(lastUse({ createdAt: made, lastUsedAt: null })).toBeNull();
  });

  it("[UI26] warn a week before a key ends", () => {
    const ends = (days: number) => key({ expiresAt: new Date(NOW + days * 86_400_000).toISOString() });
    expect(keyTone(ends(6), NOW)).toEqual({ tone: "warn", word: "expires soon" });
    expect(keyTone(ends(8), NOW)).toEqual({ tone: "ok", word: "active" });
    expect(keyTone(key({ state: "revoked" }), NOW)).toEqual({ tone: "muted", word: "revoked" });
    expect(keysHead([ends(6), ends(3), key({ state: "expired" })], NOW)).toMatchObject({ tone: "warn", headline: "2 active keys" });
    expect(keysHead([key()], NOW)).toMatchObject({ tone: "ok", detail: "1 never used" });
  });
});
