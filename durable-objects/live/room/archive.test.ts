import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { HistoryQuery } from "../../../contract/rooms.ts";
import type { Room } from "../room.ts";
import { standStillAt, START } from "../leaderboard/board-testing.ts";
import { ann, ben, cid, meta, server, slugOf, TestRoom, valueOf } from "./room-testing.ts";

standStillAt();

const DAY_MS = 86_400_000;

/** 2,300 messages in a room that keeps 1,000, settled. */
async function sealed(name: string): Promise<TestRoom> {
  const room = await new TestRoom(name).open({ hotMessages: 1_000 });
  await room.fill(2_300);
  await room.passes(1);
  return room;
}

async function walk(room: TestRoom, way: "before" | "after", limit: number): Promise<string[]> {
  const seen: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const query: Partial<HistoryQuery> = cursor === undefined ? (way === "after" ? { after: 0 } : {}) : { cursor };
    const page = await room.history(ann, { ...query, limit });
    const texts = page.items.map(({ text }) => text);
    if (way === "before") seen.unshift(...texts);
    else seen.push(...texts);
    expect(page.hasMore).toBe(page.nextCursor !== null);
    cursor = page.nextCursor;
  }
  return seen;
}

const all = Array.from({ length: 2_300 }, (_, n) => `old ${n + 1}`);

it("[RM31] what is beyond the room's size lies in the archive, and history reads on through it, both ways", async () => {
  const room = await sealed("sealed");
  expect(await room.filled()).toMatchObject({ messages: 800, segments: 3 });
  expect((await room.files()).every((key) => key.startsWith("messages/"))).toBe(true);
  expect(await walk(room, "before", 200)).toEqual(all);
  expect(await walk(room, "after", 190)).toEqual(all);
  await room.evict();
  const around = await room.history(ann, { around: 3 + 500, limit: 20 });
  expect(around.items.map(({ text }) => text)).toEqual(all.slice(490, 510));
  const view = await room.ask(ann, "view", {});
  expect(view).toMatchObject({ messages: 2_300, offset: 2_303 });
  expect((await room.say(ann, "next")).offset).toBe(2_304);
});

it("[RM31] a message that is edited while its file is written is not lost: the file is written anew, and the first one goes", async () => {
  const room = await new TestRoom("edited-meanwhile").open({ hotMessages: 1_000 });
  await room.fill(1_600);
  const put = env.ARCHIVE.put.bind(env.ARCHIVE);
  const stub = room.stub as unknown as DurableObjectStub<Room>;
  const itself = await runInDurableObject(stub, (instance) => instance); // a call of its own: this goes on inside of its alarm
  const spy = vi.spyOn(env.ARCHIVE, "put").mockImplementationOnce((async (...args: Parameters<typeof put>) => {
    valueOf(await itself.edit(server, 4, { text: "mended", mentions: [] }, meta));
    return await put(...args);
  }) as typeof put);
  await room.passes(1);
  expect(spy.mock.calls.length).toBeGreaterThan(2);
  expect((await room.history(ann, { after: 0, limit: 1 })).items).toMatchObject([{ offset: 4, text: "mended" }]);
  const before = await room.files();
  await room.passes(120_000);
  expect(await room.files()).toHaveLength(before.length - 1);
  expect(await walk(room, "before", 200)).toHaveLength(1_600);
});

it("[RM31] what edits and reactions made of a message is sealed with it, former texts too", async () => {
  const room = await new TestRoom("changing").open({ hotMessages: 1_000 });
  await room.fill(1_600);
  valueOf(await room.rpc.edit(server, 4, { text: "first, mended", mentions: [] }, meta));
  valueOf(await room.rpc.react(ben, 5, "👍", true, meta));
  await room.passes(1);
  const { items } = await room.history(ann, { after: 0, limit: 2 });
  expect(items).toMatchObject([
    { offset: 4, text: "first, mended" },
    { offset: 5, reactions: [{ emoji: "👍", count: 1 }] },
  ]);
  const [key] = await room.files();
  const file = await env.ARCHIVE.get(`rooms/t-rooms/changing/${key ?? ""}`);
  expect((await file?.text())?.split("\n")[0]).toContain('"versions":[{"at":');
  expect(await room.rows("SELECT count(*) AS n FROM versions")).toEqual([{ n: 0 }]);
});

it("[RM32] a message in the archive can be deleted by its author and by moderators, and stands in no file afterwards", async () => {
  const room = await sealed("erased");
  expect(slugOf(await room.rpc.edit(ben, 10, { text: "x", mentions: [] }, meta))).toBe("not-found");
  expect(slugOf(await room.rpc.erase(cid, 10, meta))).toBe("forbidden");
  expect(slugOf(await room.rpc.erase(ann, 99_999, meta))).toBe("not-found");
  const events = await room.events(async () => valueOf(await room.rpc.erase(ben, 10, meta)));
  expect(events.map(({ type, data }) => [type, data["offsets"]])).toEqual([["meridian.message.deleted", [10]]]);
  const shown = async () => (await room.history(ann, { around: 10, limit: 1 })).items[0];
  expect(await shown()).toMatchObject({ offset: 10, text: "", deletedAt: START + 1 });
  const before = await room.files();
  await room.passes(1);
  expect(await room.rows("SELECT count(*) AS n FROM buried")).toEqual([{ n: 0 }]);
  await room.passes(120_000);
  const after = await room.files();
  expect(after).toHaveLength(before.length);
  const texts = await Promise.all(after.map(async (key) => await (await env.ARCHIVE.get(`rooms/t-rooms/erased/${key}`))?.text()));
  expect(texts.join("")).not.toContain('"old 7"');
  expect(texts.join("")).toContain('"old 8"');
  await room.evict();
  expect(await shown()).toMatchObject({ offset: 10, text: "" });
  expect(slugOf(await room.rpc.erase(ben, 10, meta))).toBe("ok");
});

it("[RM33] messages go when they are older than the room keeps them: hidden at once, then out of the room and its archive", async () => {
  const room = await new TestRoom("kept").open({ hotMessages: 1_000, retentionDays: 10 });
  await room.fill(1_600, START - 9 * DAY_MS);
  await room.passes(1);
  await room.say(ann, "young");
  expect((await room.ask(ann, "view", {})).messages).toBe(1_601);
  expect(await room.files()).toHaveLength(2);
  await room.passes(DAY_MS + 1);
  expect(await walk(room, "before", 200)).toEqual(["young"]);
  expect(await room.filled()).toMatchObject({ messages: 1 });
  expect(await room.ask(ann, "view", {})).toMatchObject({ messages: 1, offset: 1_604 });
  await room.passes(600_000);
  expect(await room.files()).toEqual([]);
  expect((await room.ask(cid, "summary", {})).unread).toBe(1);
  await room.passes(10 * DAY_MS);
  expect(await room.filled()).not.toHaveProperty("messages");
  expect((await room.say(ann, "next")).offset).toBe(1_605);
});

it("[RM33] a shorter retention holds from the moment it is set; none at all sets no timer", async () => {
  const room = await new TestRoom("shorter").open();
  await room.fill(5, START - 2 * DAY_MS);
  expect(Object.keys(await room.timers())).not.toContain("retention");
  await room.open({ version: 2, retentionDays: 1 });
  expect((await room.history(ann)).items).toEqual([]);
  expect((await room.ask(ann, "summary", {})).last).toBeNull();
  await room.passes(1);
  expect(await room.filled()).not.toHaveProperty("messages");
});
