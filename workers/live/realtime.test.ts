import { afterEach, describe, expect, it, vi } from "vitest";
import { uuidv7, cryptoRandom } from "../../contract/ids.ts";
import type { Connection, RealtimeStats } from "../../contract/realtime.ts";
import { fine, refusal } from "../../tests/workers/leaderboards-testing.ts";
import { type RoomTenant, seedRooms } from "../../tests/workers/rooms-testing.ts";
import { ask, seedKey, seedOperator } from "../control/testing.ts";
import { Client, closeAll, UPGRADE } from "./testing.ts";

afterEach(() => closeAll());

type Found = { items: Connection[]; total: number };

const connections = async (key: string, query = "") => await fine<Found>(await ask(`/v1/realtime/connections${query}`, { key }));

/** A key's socket at one of the tenant's hubs, once operators know of it. */
async function hubSocket({ key }: RoomTenant): Promise<{ client: Client; connection: Connection }> {
  const client = new Client(await ask("/v1/connect", { headers: UPGRADE, key }));
  const welcome = await client.next();
  if (welcome.type !== "welcome") throw new Error(`${welcome.type} instead of welcome`);
  const connection = await vi.waitFor(async () => {
    const one = (await connections(key)).items.find(({ id }) => id === welcome.connectionId);
    expect(one).toBeDefined();
    return one;
  });
  if (!connection) throw new Error("not reported");
  return { client, connection };
}

describe("live connections over HTTP", () => {
  it("[RM157] are listed and counted, and one is ended with 4403, which the list and the audit log say at once", async () => {
    const tenant = await seedRooms();
    const { client, connection } = await hubSocket(tenant);
    expect(connection.object).toMatch(/^hub\/\d+$/);
    expect(connection.actor).toMatch(/^key:/);
    expect(Math.abs(Date.now() - connection.openedAt)).toBeLessThan(60_000);
    expect((await connections(tenant.key, `?object=${encodeURIComponent("room/lobby")}`)).items).toEqual([]);
    expect(await fine<RealtimeStats>(await ask("/v1/realtime/stats", { key: tenant.key }))).toMatchObject({ objects: 1, sockets: 1 });
    const { cookie } = await seedOperator("operator", tenant);
    const ended = await ask(`/v1/realtime/connections/${connection.id}`, { method: "DELETE", cookie });
    expect(ended.status).toBe(204);
    expect(await client.closeCode()).toBe(4403);
    expect((await connections(tenant.key)).items).toEqual([]);
    const { items: log } = await fine<{ items: { action: string; target: string; outcome: string }[] }>(
      await ask("/v1/audit?limit=10", { key: tenant.key }),
    );
    expect(log).toContainEqual(expect.objectContaining({ action: "connection.end", target: `connection/${connection.id}` }));
    expect(await refusal(await ask(`/v1/realtime/connections/${connection.id}`, { method: "DELETE", cookie }))).toEqual([404, "not-found"]);
  });

  it("[RM157] that were not reported are ended at the object that is named, a room among them", async () => {
    const tenant = await seedRooms();
    await tenant.room("lobby", { members: ["ann"] });
    const client = new Client(await ask("/v1/rooms/lobby/socket", { headers: UPGRADE, key: await tenant.person("ann") }));
    const welcome = await client.next();
    const id = welcome.type === "welcome" ? welcome.connectionId : "";
    const end = async (object: string) =>
      await ask(`/v1/realtime/connections/${id}?object=${encodeURIComponent(object)}`, { method: "DELETE", key: tenant.key });
    expect(await refusal(await end("hub/0"))).toEqual([404, "not-found"]);
    expect(await refusal(await end("board/x"))).toEqual([400, "invalid-parameter"]);
    expect((await end("room/lobby")).status).toBe(204);
    expect(await client.closeCode()).toBe(4403);
  });

  it("[RM157] are ended by operators, and only read by viewers; another tenant's are not found", async () => {
    const tenant = await seedRooms();
    const { connection } = await hubSocket(tenant);
    const path = `/v1/realtime/connections/${connection.id}`;
    const { cookie } = await seedOperator("viewer", tenant);
    expect((await ask("/v1/realtime/stats", { cookie })).status).toBe(200);
    expect(await refusal(await ask(path, { method: "DELETE", cookie }))).toEqual([403, "forbidden"]);
    const { secret } = await seedKey(tenant, ["realtime:read"]);
    expect(await refusal(await ask(path, { method: "DELETE", key: secret }))).toEqual([403, "forbidden"]);
    const other = await seedRooms();
    expect(await refusal(await ask(path, { method: "DELETE", key: other.key }))).toEqual([404, "not-found"]);
    expect(await refusal(await ask(`${path}?object=${connection.object}`, { method: "DELETE", key: other.key }))).toEqual([
      404,
      "not-found",
    ]);
    expect((await connections(other.key)).items).toEqual([]);
    const unknown = uuidv7(Date.now(), cryptoRandom);
    expect(await refusal(await ask(`/v1/realtime/connections/${unknown}`, { method: "DELETE", key: tenant.key }))).toEqual([
      404,
      "not-found",
    ]);
  });
});
