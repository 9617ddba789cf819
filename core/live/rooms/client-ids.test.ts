import { expect, it } from "vitest";
import { CLIENT_ID_BLOCK, ClientIds } from "./client-ids.ts";
import { service, TestDesk } from "./desk-testing.ts";
import { MemoryRoomStore } from "./memory-store-testing.ts";

it("[RM2] a client id finds its sender's first message, by whoever reads the room anew, packed or not", () => {
  const store = new MemoryRoomStore();
  const desk = new TestDesk("group", store);
  const by = service("write");
  const other = { ...by, id: "key:2" };
  const places = Array.from({ length: CLIENT_ID_BLOCK * 2 + 10 }, (_, n) => desk.say(by, "hello", { clientId: `id-${n}` }));
  desk.say(other, "hello", { clientId: "id-7" });
  expect(store.clientIdBlocks()).toHaveLength(2);
  for (const ids of [new ClientIds(store), new ClientIds(store)]) {
    const B = CLIENT_ID_BLOCK;
    for (const n of [0, 1, 7, B - 1, B, 2 * B - 1, 2 * B, 2 * B + 9]) expect(ids.find(by.id, `id-${n}`)?.offset).toBe(places[n]);
    expect(ids.find(other.id, "id-7")?.offset).toBe((places.at(-1) ?? 0) + 1);
    expect(ids.find(other.id, "id-8")).toBeUndefined();
    expect(ids.find(by.id, `id-${2 * B + 10}`)).toBeUndefined();
  }
});

it("[RM2] what was only imported or read is packed too, so that no tail grows without end", () => {
  const store = new MemoryRoomStore();
  const desk = new TestDesk("group", store);
  const by = service("write");
  desk.say(by, "hello", { clientId: "before" });
  const { ordinal } = store.places();
  const line = { sender: "minted|ben", senderName: "", at: 1, kind: "text", text: "old", mediaId: null, media: null } as const;
  const rest = { replyTo: null, mentions: [], reactions: [], editedAt: null, deletedAt: null, clientId: null };
  for (let n = 1; n <= CLIENT_ID_BLOCK * 3; n++) store.append({ ...line, ...rest, offset: 1 + n, ordinal: ordinal + n });
  const ids = new ClientIds(store);
  expect(ids.find(by.id, "before")?.offset).toBe(1);
  expect(store.clientIdBlocks()).toHaveLength(3);
});

it("[RM2] a repetition of what is no longer in the room is new", () => {
  const store = new MemoryRoomStore();
  const desk = new TestDesk("group", store);
  const by = service("write");
  const first = desk.say(by, "hello", { clientId: "old" });
  desk.say(by, "hello", { clientId: "young" });
  store.drop(first);
  desk.desk.reset();
  expect(desk.send(by, "hello", { clientId: "old" })).toMatchObject({ ok: true, value: { isNew: true } });
  expect(desk.send(by, "hello", { clientId: "young" })).toMatchObject({ ok: true, value: { isNew: false, offset: 2 } });
});
