import { afterEach, describe, expect, it } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { TOPIC_LIMITS } from "../../contract/room-limits.ts";
import { closeSockets } from "../control/auth-sockets.ts";
import { edgeEnv } from "../http/testing.ts";
import { hubs } from "./connect.ts";
import { admittedTopics } from "./topics-admitted.ts";
import { Client, closeAll, makeTenant, SCENE } from "./testing.ts";

afterEach(closeAll);

describe("a tenant with many hubs", () => {
  it("[TP25] has a revoked credential's sockets closed at each of them", async () => {
    const tenantId = "many-hubs";
    await makeTenant(tenantId);
    const now = Date.now();
    const clients: Client[] = [];
    for (const hub of [0, LIVE_LIMITS.hubs, TOPIC_LIMITS.hubsMax - 1]) {
      const admission = {
        v: 1,
        actor: "key:k1",
        credential: "key:k1",
        actions: ["topics:read"],
        checkedAt: now,
        credentialExpiresAt: null,
        ticket: null,
      } as const;
      const entered = await hubs.enter(SCENE, { tenantId, hub, admission: { ...admission, actions: ["topics:read"] } }, undefined, now);
      if (!entered.ok) throw new Error(entered.problem.detail);
      const client = new Client(entered.value);
      await client.next();
      clients.push(client);
    }
    expect(await closeSockets(edgeEnv, tenantId, ["key:k1"])).toBe(3);
    expect(await Promise.all(clients.map(async (client) => await client.closeCode()))).toEqual([4401, 4401, 4401]);
  });

  it("[TP15] is told the topics that grants and marks name, as many as there is room for", () => {
    const grant = (name: string, ...actions: string[]) => ({ kind: "topic", name, actions });
    const grants = [grant("topic/a", "read", "publish"), { kind: "board", name: "b", actions: ["read"] }];
    const marks = [
      { kind: "topic", name: "topic/p*" },
      { kind: "board", name: "b" },
    ];
    expect(admittedTopics(grants, marks)).toEqual({ read: ["topic/a", "topic/p*"], publish: ["topic/a"] });
    expect(admittedTopics([], [])).toBeUndefined();
    const many = Array.from({ length: 60 }, (_, n) => grant(`topic/${String(n).padStart(94, "0")}`, "read"));
    expect(admittedTopics(many, [])?.read).toHaveLength(TOPIC_LIMITS.admittedChars / 100);
    const short = Array.from({ length: TOPIC_LIMITS.admitted + 1 }, (_, n) => grant(`t/${n}`, "read"));
    expect(admittedTopics(short, [])?.read).toHaveLength(TOPIC_LIMITS.admitted);
  });
});
