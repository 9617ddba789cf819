import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { InboxRpc } from "../../../contract/rpc/inbox.ts";
import { messageInputSchema } from "../../../contract/rooms.ts";
import type { Room } from "../room.ts";
import { standStillAt, START } from "../leaderboard/board-testing.ts";
import { ann, ben, cid, meta, person, server, slugOf, TestRoom, valueOf } from "./room-testing.ts";

standStillAt();

it("[RM27] a room is what the catalogue says, by the newest version; its first people are told of as if they had come", async () => {
  const room = new TestRoom("configured");
  const events = await room.events(async () => await room.open({ title: "Lobby" }));
  expect(events.map(({ type }) => type)).toEqual([
    "meridian.object.created",
    "meridian.room.member.joined",
    "meridian.room.member.joined",
    "meridian.room.member.joined",
  ]);
  const view = await room.ask(ann, "view", {});
  expect(view).toMatchObject({ room: "configured", kind: "group", title: "Lobby", members: 3, offset: 3, messages: 0, version: 1 });
  expect(view.me).toMatchObject({ subject: ann.id, role: "owner", state: "active" });
  await room.open({ title: "Old", version: 1 });
  expect(await room.ask(server, "view", {})).toMatchObject({ title: "Lobby", offset: 3, me: null });
  await room.open({ title: "Hall", version: 2, members: [] });
  expect(await room.ask(server, "view", {})).toMatchObject({ title: "Hall", offset: 4, version: 2, members: 3, epoch: view.epoch });
});

it("[RM39] a room that nobody made answers 404 to everything, and writes nothing", async () => {
  const room = new TestRoom("never");
  const answers = [
    await room.post(server, "hello"),
    await room.rpc.edit(server, 1, { text: "x", mentions: [] }, meta),
    await room.rpc.erase(server, 1, meta),
    await room.rpc.react(server, 1, "👍", true, meta),
    await room.rpc.putMember(server, { subject: ann.id, ref: ann.ref }, {}, meta),
    await room.rpc.removeMember(server, ann.id, meta),
    await room.rpc.putReceipts(ann, { readOffset: 0 }),
    await room.rpc.ask(server, "view", {}),
    await room.rpc.ask(server, "history", { limit: 5 }),
    await room.imports("b", [{}]),
    await room.rpc.mayUpload(server),
    await room.rpc.remove(meta),
  ];
  expect(answers.map(slugOf)).toEqual(answers.map(() => "not-found"));
  const socket = await room.stub.fetch("https://room/", { headers: { upgrade: "websocket" } });
  expect(socket.status).toBe(404);
  expect(await room.rows("SELECT name FROM sqlite_schema WHERE name NOT LIKE '_cf_%'")).toEqual([]);
});

it("[RM36] what was acknowledged is there after the object's memory is gone: messages, members, receipts, and what was sent before", async () => {
  const room = await new TestRoom("evicted").open();
  const ack = await room.say(ann, "hello", { clientId: "one", mentions: [ben.id] });
  valueOf(await room.rpc.react(ben, ack.offset, "👍", true, meta));
  valueOf(await room.rpc.edit(ann, ack.offset, { text: "hello, Ben", mentions: [ben.id] }, meta));
  valueOf(await room.rpc.putReceipts(cid, { readOffset: ack.offset }));
  const before = [
    await room.history(ben),
    await room.ask(ben, "summary", {}),
    await room.ask(cid, "summary", {}),
    await room.ask(ann, "members", { limit: 9 }),
  ];
  await room.evict();
  const after = [
    await room.history(ben),
    await room.ask(ben, "summary", {}),
    await room.ask(cid, "summary", {}),
    await room.ask(ann, "members", { limit: 9 }),
  ];
  expect(after).toEqual(before);
  expect(after[0]).toMatchObject({ items: [{ text: "hello, Ben", reactions: [{ emoji: "👍", count: 1, by: [ben.id] }] }], offset: 6 });
  expect(after[1]).toMatchObject({ unread: 1, mentions: 1, last: { text: "hello, Ben", sender: ann.id } });
  expect(after[2]).toMatchObject({ unread: 0, mentions: 0 });
  expect(await room.say(ann, "again", { clientId: "one" })).toEqual(ack);
  expect((await room.say(ann, "next")).offset).toBe(7);
});

it("[RM5] reading a room's history is using it: who may by a grant is a member then, and a view alone makes nobody one", async () => {
  const room = await new TestRoom("first-use").open();
  const dan = person("dan", ["read"]);
  expect((await room.ask(dan, "view", {})).me).toBeNull();
  expect((await room.ask(server, "view", {})).members).toBe(3);
  const events = await room.events(async () => await room.history(dan));
  expect(events.map(({ type }) => type)).toEqual(["meridian.room.member.joined"]);
  expect((await room.ask(dan, "view", {})).me).toMatchObject({ role: "reader", state: "active" });
  valueOf(await room.rpc.putMember(ann, { subject: dan.id, ref: dan.ref }, { state: "banned" }, meta));
  for (const question of ["view", "summary"] as const) expect(slugOf(await room.rpc.ask(dan, question, {}))).toBe("not-found");
  expect(slugOf(await room.rpc.ask(dan, "history", { limit: 1 }))).toBe("not-found");
  expect(slugOf(await room.post(dan, "hello"))).toBe("not-found");
});

it("[RM10] members are listed by pages; former ones only to who manages the room", async () => {
  const room = await new TestRoom("listed").open();
  for (const name of ["dan", "eve"]) {
    const member = { subject: `minted|${name}`, ref: `ref-${name}` };
    valueOf(await room.rpc.putMember(ann, member, { name, state: name === "eve" ? "banned" : "invited" }, meta));
  }
  const first = await room.ask(ben, "members", { limit: 2 });
  const second = await room.ask(ben, "members", { limit: 2, cursor: first.nextCursor ?? "" });
  expect([...first.items, ...second.items].map(({ subject, state }) => `${subject} ${state}`)).toEqual([
    "minted|ann active",
    "minted|ben active",
    "minted|cid active",
    "minted|dan invited",
  ]);
  expect(second.nextCursor).toBeNull();
  expect((await room.ask(ann, "members", { limit: 9 })).items.map(({ state }) => state)).toContain("banned");
  expect(slugOf(await room.rpc.ask(ben, "members", { limit: 2, cursor: "x" }))).toBe("invalid-parameter");
  valueOf(await room.rpc.removeMember(ann, ben.id, meta));
  expect(slugOf(await room.rpc.ask(ben, "members", { limit: 2 }))).toBe("not-found");
});

it("[RM38] an undone transaction leaves nothing in memory: the next message has the place of the one that failed", async () => {
  const room = await new TestRoom("undone").open();
  const first = await room.say(ann, "kept");
  await runInDurableObject(room.stub as unknown as DurableObjectStub<Room>, async (instance, state) => {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    const failing = vi.spyOn(sql, "exec").mockImplementation(((query: string, ...params: SqlStorageValue[]) => {
      if (query.startsWith("INSERT INTO kit_outbox")) throw new Error("no space left");
      return exec(query, ...params);
    }) as typeof sql.exec);
    const lost = messageInputSchema.parse({ clientId: "lost", text: "lost" });
    await expect(instance.post(ann, [lost], meta)).rejects.toThrow("no space left");
    failing.mockRestore();
  });
  const next = await room.say(ben, "next", { clientId: "lost" });
  expect(next.offset).toBe(first.offset + 1);
  expect((await room.say(ann, "sent again", { clientId: "lost" })).offset).toBe(first.offset + 2);
  expect((await room.history(ann)).items.map(({ text }) => text)).toEqual(["kept", "next", "sent again"]);
});

it("[RM20] receipts over HTTP are stored at once while there is little of them, and within five seconds otherwise", async () => {
  const room = await new TestRoom("receipts").open();
  for (let n = 0; n < 5; n++) await room.say(ann, "hello");
  const stored = async () => (await room.rows("SELECT read FROM members WHERE subject = ?", ben.id))[0]?.["read"];
  expect(valueOf(await room.rpc.putReceipts(ben, { readOffset: 5 }))).toEqual({ subject: ben.id, deliveredOffset: 5, readOffset: 5 });
  expect(await stored()).toBe(5);
  vi.setSystemTime(START + 1_000);
  valueOf(await room.rpc.putReceipts(ben, { readOffset: 6 }));
  expect(await stored()).toBe(5);
  vi.setSystemTime(START + 5_000);
  valueOf(await room.rpc.putReceipts(ben, { readOffset: 7 }));
  expect(await stored()).toBe(7);
  expect(slugOf(await room.rpc.putReceipts(ben, { readOffset: 9 }))).toBe("receipt-ahead");
  expect(slugOf(await room.rpc.putReceipts(server, { readOffset: 1 }))).toBe("forbidden");
});

it("[RM28] a removed room is gone at once for everybody, in slices with its files, and comes back as another one", async () => {
  const room = await new TestRoom("removed").open();
  const { epoch } = await room.ask(ann, "view", {});
  await room.fill(1_300);
  await env.ARCHIVE.put("rooms/t-rooms/removed/media/m-1", "bytes");
  await env.ARCHIVE.put("rooms/t-rooms/removed-not/media/m-1", "bytes");
  const inbox = env.INBOXES.getByName(`t-rooms/inbox/${ann.ref}`) as unknown as InboxRpc; // the class implements it
  const note = { room: "removed", seq: 1, state: "active", kind: "group", role: "owner", title: "" } as const;
  await inbox.note([{ ...note, peer: null, peerName: null, isHere: false, summary: null }]);
  const listed = async () => (await inbox.list(200)).items.map((item) => item.room);
  expect(await listed()).toContain("removed");
  valueOf(await room.rpc.remove(meta));
  expect(slugOf(await room.rpc.ask(ann, "view", {}))).toBe("not-found");
  const definition = { room: "removed", kind: "group" as const, version: 9, createdAt: START, members: [] };
  const settings = { title: "", retentionDays: null, hotMessages: 1_000 };
  expect(slugOf(await room.rpc.configure({ ...definition, settings }, meta))).toBe("unavailable");
  expect(slugOf(await room.rpc.remove(meta))).toBe("ok"); // it goes on
  await room.evict();
  await room.passes(1);
  expect(await listed()).not.toContain("removed");
  expect(await room.filled()).toEqual({});
  expect(await room.files()).toEqual([]);
  expect(slugOf(await room.rpc.remove(meta))).toBe("not-found"); // nothing is left
  expect(await env.ARCHIVE.head("rooms/t-rooms/removed-not/media/m-1")).not.toBeNull();
  expect(Object.keys(await room.timers()).filter((name) => !name.startsWith("kit:"))).toEqual([]);
  valueOf(await room.rpc.configure({ ...definition, settings }, meta));
  const view = await room.ask(server, "view", {});
  expect(view).toMatchObject({ offset: 0, messages: 0, members: 0 });
  expect(view.epoch).not.toBe(epoch);
});

it("[RM30] a file is shown by messages once it is there, and goes when the last of them does, or after a day without any", async () => {
  const room = await new TestRoom("media").open();
  const file = { mediaId: "m-1", type: "image/png" as const, bytes: 12, width: 3, height: 4, hasThumbnail: true, sha256: "00" };
  expect(slugOf(await room.rpc.mayUpload(person("eve")))).toBe("not-found");
  expect(slugOf(await room.rpc.mayUpload(person("eve", ["read"])))).toBe("forbidden");
  expect(slugOf(await room.rpc.mayUpload(ben))).toBe("ok");
  for (const mediaId of ["m-1", "m-2"]) {
    await env.ARCHIVE.put(`rooms/t-rooms/media/media/${mediaId}`, "bytes");
    await env.ARCHIVE.put(`rooms/t-rooms/media/thumbnails/${mediaId}`, "bytes");
    valueOf(await room.rpc.noteMedia(ben, { ...file, mediaId }, meta));
  }
  const acks = [await room.say(ben, "look", { mediaId: "m-1" }), await room.say(ann, "", { mediaId: "m-1" })];
  expect((await room.history(cid)).items.map(({ kind, media }) => [kind, media])).toEqual(
    Array(2).fill(["media", { type: "image/png", bytes: 12, width: 3, height: 4 }]),
  );
  expect(await room.ask(cid, "media", { mediaId: "m-1" })).toEqual(file);
  expect(slugOf(await room.rpc.ask(person("zoe"), "media", { mediaId: "m-1" }))).toBe("not-found");
  valueOf(await room.rpc.erase(ben, acks[0]?.offset ?? 0, meta));
  await room.passes(120_000);
  expect(await room.files()).toHaveLength(4);
  valueOf(await room.rpc.erase(ann, acks[1]?.offset ?? 0, meta));
  expect(slugOf(await room.rpc.ask(cid, "media", { mediaId: "m-1" }))).toBe("not-found");
  await room.passes(120_000);
  expect(await room.files()).toEqual(["media/m-2", "thumbnails/m-2"]);
  await room.passes(86_400_000);
  await room.passes(120_000);
  expect(await room.files()).toEqual([]);
});

it("[RM29] an import keeps its times and senders, once by its id, and nothing of it when a line is bad", async () => {
  const room = await new TestRoom("imported").open();
  const line = (n: number) => ({ at: START - 1_000_000 + n, sender: n % 2 === 0 ? "ann" : "corp|zoe", senderName: "Z", text: `t${n}` });
  const lines = Array.from({ length: 1_200 }, (_, n) => line(n));
  const bad = await room.imports("b-1", [...lines, { ...line(0), text: "" }, { ...line(1), mediaId: "none" }]);
  expect(bad.ok ? [] : bad.problem.errors?.map(({ pointer }) => pointer)).toEqual(["/1201/text", "/1202/mediaId"]);
  expect((await room.ask(server, "view", {})).messages).toBe(0);
  const events = await room.events(async () => valueOf(await room.imports("b-1", lines)));
  expect(events.map(({ type, data }) => [type, data["count"]])).toEqual([
    ["meridian.message.sent", 500],
    ["meridian.message.sent", 500],
    ["meridian.message.sent", 200],
  ]);
  const reply = { batchId: "b-1", imported: 1_200, fromOffset: 4, toOffset: 1_203 };
  expect(valueOf(await room.imports("b-1", lines))).toEqual(reply);
  await room.evict();
  expect(valueOf(await room.imports("b-1", lines))).toEqual(reply);
  expect(slugOf(await room.imports("b-1", [line(1)]))).toBe("idempotency-mismatch");
  expect(slugOf(await room.imports("b-2", []))).toBe("invalid-body");
  const { items } = await room.history(ann, { limit: 2 });
  expect(items).toMatchObject([
    { offset: 1_202, at: START - 1_000_000 + 1_198, sender: "minted|ann", clientId: null },
    { offset: 1_203, at: START - 1_000_000 + 1_199, sender: "corp|zoe", text: "t1199" },
  ]);
  expect(slugOf(await room.imports("b-3", [line(1)], ann))).toBe("forbidden");
  expect(slugOf(await room.imports("b-3", [line(1)], person("eve")))).toBe("not-found");
});

it("[RM29] an import that was broken off goes on where it was", async () => {
  const room = await new TestRoom("broken-off").open();
  const lines = Array.from({ length: 700 }, (_, n) => ({ at: START, sender: "ann", text: `t${n}` }));
  valueOf(await room.imports("b-1", lines.slice(0, 500)));
  const bytes = new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n"));
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  const digest = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
  await room.rows("UPDATE imports SET done = 0, digest = ?", digest);
  expect(valueOf(await room.imports("b-1", lines))).toEqual({ batchId: "b-1", imported: 700, fromOffset: 4, toOffset: 703 });
  expect((await room.history(ann, { limit: 200 })).items.map(({ text }) => text)).toEqual(lines.slice(-200).map(({ text }) => text));
});
