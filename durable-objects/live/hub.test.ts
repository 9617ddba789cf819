import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { admission, connect, fakePublisher, knock, newHub, publication } from "./testing.ts";

describe("a hub", () => {
  it("[LV1] welcomes a socket with frame number 1 and how to acknowledge", async () => {
    const { webSocket } = await knock(newHub());
    expect(webSocket).toBeTruthy();
  });

  it("[LV10] delivers what is published to a channel to those who follow it, also after it slept", async () => {
    const hub = newHub();
    const publisher = await fakePublisher(hub);
    const client = await connect(hub);
    client.send({ type: "subscribe", id: "a", channel: "metrics/all" });
    expect(await client.next("subscribed")).toMatchObject({ n: 2, id: "a", epoch: "e1", offset: 0, recovered: false });
    expect(await hub.publish([publication("metrics/all", 1)])).toBe(1);
    expect(await client.next("batch")).toMatchObject({ n: 3, events: [{ offset: 1, data: { offset: 1 } }] });
    await evictDurableObject(hub);
    await fakePublisher(hub, publisher);
    expect(await hub.publish([publication("metrics/all", 2)])).toBe(1);
    expect(await client.next("batch")).toMatchObject({ n: 4, events: [{ offset: 2 }] });
    client.socket.close(1000, "bye");
    expect(await client.whenClosed()).toMatchObject({ code: 1000 });
  });

  it("[LV20] closes the sockets of a revoked credential", async () => {
    const hub = newHub();
    const client = await connect(hub, admission({ credential: "key:gone", actor: "key:gone" }));
    await evictDurableObject(hub);
    expect(await hub.closeCredentials(["key:gone"])).toBe(1);
    expect(await client.next("goodbye")).toMatchObject({ code: 4401 });
    expect(await client.whenClosed()).toMatchObject({ code: 4401 });
    expect((await knock(hub, admission({ credential: "key:gone", actor: "key:gone" }))).status).toBe(401);
  });
});
