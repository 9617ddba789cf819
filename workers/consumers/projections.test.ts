import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { EventMessage } from "../../contract/events.ts";
import { deliver, eventOf, NOON } from "./testing.ts";

describe("the projections", () => {
  it("[EV7] ignore an event with a lower seq than the stored one", async () => {
    await deliver([{ body: tenantEvent("ev7", 5, "Newer") }]);
    await deliver([{ body: tenantEvent("ev7", 4, "Older") }]);
    const row = await env.DB.prepare("SELECT name, seq, slug, plan, keys_version FROM control_tenant WHERE tenant_id = 'ev7'").first();
    expect(row).toEqual({ name: "Newer", seq: 5, slug: "ev7", plan: "free", keys_version: 5 });
  });

  it("[EV7] keep a key revoked when its creation arrives late, in the same batch or after it", async () => {
    await deliver([{ body: keyEvent("ev7-key", 9, "revoked") }, { body: keyEvent("ev7-key", 3, "active") }]);
    await deliver([{ body: keyEvent("ev7-key", 3, "active"), attempts: 2 }]);
    const row = await env.DB.prepare("SELECT revoked_at AS revokedAt, scopes, seq FROM control_key WHERE tenant_id = 'ev7-key'").first();
    expect(row).toEqual({ revokedAt: REVOKED_AT, scopes: '["metrics:write"]', seq: 9 });
  });

  it("[EV7] register an object once, with where it lives", async () => {
    const created = eventOf("ev7-object", 1, {
      type: "meridian.object.created",
      source: "ev7-object/metrics/0",
      data: { kind: "metrics", name: "0", jurisdiction: "eu" },
    });
    await deliver([{ body: created }, { body: { ...created, seq: 2, data: { kind: "metrics", name: "0" } } }]);
    const rows = await env.DB.prepare(
      "SELECT kind, name, jurisdiction, created_at AS createdAt FROM control_object WHERE tenant_id = 'ev7-object'",
    ).all();
    expect(rows.results).toEqual([{ kind: "metrics", name: "0", jurisdiction: "eu", createdAt: created.at }]);
  });
});

const REVOKED_AT = NOON + 60_000;

function tenantEvent(tenantId: string, seq: number, name: string): EventMessage {
  const data = { slug: tenantId, name, plan: "free", settings: { origins: [] }, createdAt: NOON, keysVersion: seq };
  return eventOf(tenantId, seq, { type: "meridian.tenant.changed", data });
}

function keyEvent(tenantId: string, seq: number, state: "active" | "revoked"): EventMessage {
  const revokedAt = state === "revoked" ? REVOKED_AT : null;
  const data = { keyId: "k1", name: "Agent", scopes: ["metrics:write"], createdAt: NOON, expiresAt: null, revokedAt };
  return eventOf(tenantId, seq, { type: revokedAt === null ? "meridian.key.created" : "meridian.key.revoked", data });
}
