import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { KeyCreated } from "../../contract/access.ts";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { type Asked, ask, seedOperator, type SeededOperator } from "./testing.ts";

/** Objects that a request touches and rows that it writes in D1, index rows counted. The figures of docs/access.md. */
async function costOf(path: string, asked: Asked): Promise<{ status: number; objects: string[]; rows: number }> {
  const objects = new Set<string>();
  const watched = (kind: "TENANT" | "HUB" | "AGENTS" | "ATTEMPTS") => ({
    getByName: (name: string) => {
      objects.add(name.split("/").slice(1, 2).join());
      return env[kind].getByName(name);
    },
  });
  let rows = 0;
  const count = <T extends { readonly meta: { readonly rows_written: number } }>(result: T): T => {
    rows += result.meta.rows_written;
    return result;
  };
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(inner, {
      get: (target, name) => {
        if (name === "bind") return (...values: unknown[]) => statement(target.bind(...values));
        if (name === "run" || name === "all") return async () => count(await target[name]());
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  const DB = {
    prepare: (query: string) => statement(env.DB.prepare(query)),
    batch: async (statements: D1PreparedStatement[]) => (await env.DB.batch(statements)).map(count),
  } as unknown as D1Database; // what the routes of this test use of it
  const bindings = { TENANT: watched("TENANT"), HUB: watched("HUB"), AGENTS: watched("AGENTS"), ATTEMPTS: watched("ATTEMPTS"), DB };
  const { status } = await ask(path, { ...asked, env: bindings as never });
  return { status, objects: [...objects].sort(), rows };
}

async function newKey({ cookie }: SeededOperator): Promise<string> {
  const made = await ask("/v1/keys", { body: { name: "k", scopes: ["metrics:read"] }, cookie });
  return (await made.json<KeyCreated>()).id;
}

describe("what access costs", () => {
  it("[AC33] is one object per request, and every hub and the fleet only where sockets have to close", async () => {
    const owner = await seedOperator("owner");
    const { cookie } = owner;
    const member = await seedOperator("viewer", owner);
    const path = `/v1/members/${member.memberId}`;
    const everywhere = LIVE_LIMITS.hubs > 0 ? ["agents", "hub", "tenant"] : ["agents", "tenant"];
    const key = { name: "k", scopes: ["metrics:read"] };
    expect(await costOf("/v1/me", { cookie })).toEqual({ status: 200, objects: ["tenant"], rows: 0 });
    expect(await costOf("/v1/keys", { cookie })).toEqual({ status: 200, objects: ["tenant"], rows: 0 });
    expect(await costOf("/v1/members", { cookie })).toEqual({ status: 200, objects: [], rows: 0 });
    expect(await costOf("/v1/keys", { cookie, body: key })).toEqual({ status: 201, objects: ["tenant"], rows: 0 });
    expect(await costOf(`/v1/keys/${await newKey(owner)}`, { cookie, method: "DELETE" })).toMatchObject({ objects: everywhere, rows: 0 });
    const changed = await costOf(path, { cookie, method: "PATCH", body: { role: "admin" } });
    expect(changed).toMatchObject({ status: 200, objects: everywhere });
    expect(changed.rows).toBeLessThanOrEqual(6);
    const invited = await costOf("/v1/invitations", { cookie, body: { email: "cost@example.com", role: "viewer" } });
    expect(invited).toMatchObject({ status: 201, objects: ["tenant"] });
    expect(invited.rows).toBeLessThanOrEqual(10);
    const removed = await costOf(path, { cookie, method: "DELETE" });
    expect(removed).toMatchObject({ status: 204, objects: everywhere });
    expect(removed.rows).toBeLessThanOrEqual(15);
  });

  it("[AC33] of a refused sign-in is the limiter's only, and nothing in D1", async () => {
    const refused = await costOf("/v1/auth/sign-in/email", { body: { email: "nobody@example.com", password: "a password" } });
    expect(refused).toEqual({ status: 401, objects: ["attempts"], rows: 0 });
  });
});
