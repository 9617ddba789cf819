import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import * as z from "zod";
import { LIVE_CLOSE, LIVE_PING, LIVE_PONG } from "../../contract/live-codes.ts";
import { createSockets, type Sockets } from "./sockets.ts";

const OPTIONS = { version: 1, attachment: z.object({ id: z.string() }) };
type Hands = Sockets<{ id: string }>;

const stubOf = (name: string) => env.ATTEMPTS.getByName(`platform/attempts/hibernate-${name}`);
const inside = <T>(stub: ReturnType<typeof stubOf>, work: (sockets: Hands) => T) =>
  runInDurableObject(stub, (_instance, state) => work(createSockets(state, OPTIONS)));

/** A real client on the other end of a socket of the object. */
async function connect(stub: ReturnType<typeof stubOf>, credential: string, id: string): Promise<WebSocket> {
  await runInDurableObject(stub, (instance, state) => {
    const sockets = createSockets(state, OPTIONS);
    Object.assign(instance, { fetch: () => sockets.accept({ credential, tags: ["room"], attachment: { id } }).response });
  });
  const { webSocket: client } = await stub.fetch("https://object/", { headers: { upgrade: "websocket" } });
  if (!client) throw new Error("no socket");
  client.accept();
  return client;
}

const next = <K extends "message" | "close">(client: WebSocket, type: K) =>
  new Promise<WebSocketEventMap[K]>((done) => {
    client.addEventListener(type, done as (event: Event) => void, { once: true }); // the event of this type
  });

it("[KT79] tags, credential and attachment survive hibernation, and the socket still carries messages", async () => {
  const stub = stubOf("state");
  const client = await connect(stub, "key:1", "a");
  await evictDurableObject(stub);
  const message = next(client, "message");
  const seen = await inside(stub, (sockets) => {
    const found = sockets.ofCredential("key:1");
    for (const socket of found) sockets.send(socket, "awake");
    return [found.length, sockets.tagged("room").length, ...found.map((socket) => sockets.read(socket)?.id)];
  });
  expect(seen).toEqual([1, 1, "a"]);
  expect((await message).data).toBe("awake");
});

it("[KT74] a hibernating object's pings are answered without it", async () => {
  const stub = stubOf("ping");
  const client = await connect(stub, "key:1", "a");
  await evictDurableObject(stub);
  const message = next(client, "message");
  client.send(LIVE_PING);
  expect((await message).data).toBe(LIVE_PONG);
});

it("[KT75] a credential revoked after hibernation closes its sockets with 4401 and the reason", async () => {
  const stub = stubOf("revoke");
  const client = await connect(stub, "key:1", "a");
  const other = await connect(stub, "key:2", "b");
  await evictDurableObject(stub);
  const closed = next(client, "close");
  expect(await inside(stub, (sockets) => sockets.closeCredential("key:1", "the key was revoked"))).toBe(1);
  const { code, reason } = await closed;
  expect([code, reason]).toEqual([LIVE_CLOSE.unauthorized, "the key was revoked"]);
  expect(other.readyState).toBe(WebSocket.OPEN);
});
