import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { EventMessage } from "../../contract/events.ts";
import { deliver, eventOf } from "./testing.ts";

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
    expect(row).toEqual({ revokedAt: Date.parse(REVOKED_AT), scopes: '["metrics:write"]', seq: 9 });
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

const REVOKED_AT = "2026-11-20T13:00:00.000Z";

function tenantEvent(tenantId: string, seq: number, name: string): EventMessage {
  const createdAt = "2026-11-20T12:00:00.000Z";
  const data = { id: tenantId, slug: tenantId, name, plan: "free", settings: { origins: [] }, createdAt, keysVersion: seq };
  return eventOf(tenantId, seq, { type: "meridian.tenant.changed", data });
}

function keyEvent(tenantId: string, seq: number, state: "active" | "revoked"): EventMessage {
  const data = {
    id: "k1",
    name: "Agent",
    hint: "mrd_x",
    scopes: ["metrics:write"],
    state,
    createdAt: "2026-11-20T12:00:00.000Z",
    createdBy: "user:1",
    expiresAt: null,
    revokedAt: state === "revoked" ? REVOKED_AT : null,
    lastUsedAt: null,
  };
  return eventOf(tenantId, seq, { type: state === "revoked" ? "meridian.key.revoked" : "meridian.key.created", data });
}
