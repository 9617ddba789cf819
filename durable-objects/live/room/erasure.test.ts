import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { standStillAt } from "../leaderboard/board-testing.ts";
import { ann, ben, cid, meta, server, slugOf, TestRoom, valueOf } from "./room-testing.ts";

standStillAt();

async function forget(room: TestRoom): Promise<number> {
  return (await room.rpc.maintain({ type: "forget-subject", subject: ben.id, ref: ben.ref })).forgotten;
}

/** Everything that the room's tables and files hold, as text; the kit's answers and outgoing events left out. */
async function heldText(room: TestRoom): Promise<string> {
  const tables = Object.keys(await room.filled()).filter((name) => name !== "client_ids");
  const rows = await Promise.all(tables.map(async (table) => await room.rows(`SELECT * FROM "${table}"`)));
  const files = await Promise.all(
    (await room.files()).map(async (key) => await (await env.ARCHIVE.get(`rooms/t-rooms/${room.name}/${key}`))?.text()),
  );
  return JSON.stringify(rows) + files.join("");
}

it("[RM34] of a forgotten person tombstones stay that name nobody, and nothing else: no text, name, reaction or mention", async () => {
  const room = await new TestRoom("forgotten").open();
  const mine = await room.say(ben, "my secret", { clientId: "ben-1" });
  valueOf(await room.rpc.edit(ben, mine.offset, { text: "my other secret", mentions: [] }, meta));
  valueOf(await room.rpc.react(ann, mine.offset, "👍", true, meta));
  const hers = await room.say(ann, "for you", { mentions: [ben.id, cid.id] });
  valueOf(await room.rpc.react(ben, hers.offset, "👍", true, meta));
  valueOf(await room.rpc.react(cid, hers.offset, "👍", true, meta));
  valueOf(await room.rpc.react(ben, hers.offset, "🎉", true, meta));
  valueOf(await room.rpc.putReceipts(ben, { readOffset: hers.offset }));
  expect(await heldText(room)).toContain("minted|ben");
  expect(await forget(room)).toBe(1);
  expect(slugOf(await room.rpc.ask(ben, "view", {}))).toBe("not-found");
  await room.passes(1);
  const { items } = await room.history(ann);
  expect(items).toMatchObject([
    { offset: mine.offset, sender: "deleted", senderName: "", text: "", clientId: null, reactions: [] },
    { offset: hers.offset, text: "for you", mentions: [cid.id], reactions: [{ emoji: "👍", count: 1, by: [cid.id] }] },
  ]);
  expect(items[0]?.deletedAt).not.toBeNull();
  const held = await heldText(room);
  for (const trace of ["minted|ben", "ref-ben", "secret", "ben-1"]) expect(held).not.toContain(trace);
  expect(await room.filled()).not.toHaveProperty("erasures");
  // Again it finds nothing to do.
  expect(await forget(room)).toBe(0);
  await room.passes(1);
  expect((await room.history(ann)).items).toEqual(items);
});

it("[RM34] it goes through the whole room and its archive, in slices that go on after a crash", async () => {
  const room = await new TestRoom("everywhere").open({ hotMessages: 1_000 });
  await room.fill(2_300); // of Ben
  await room.passes(1);
  await room.say(server, "kept");
  await forget(room);
  await room.evict();
  await room.passes(1);
  await room.passes(120_000);
  const held = await heldText(room);
  expect(held).not.toContain("minted|ben");
  expect(held).not.toContain("old 1");
  const { items } = await room.history(ann, { after: 0, limit: 200 });
  expect(items).toHaveLength(200);
  expect(items.every(({ sender, text, deletedAt }) => sender === "deleted" && text === "" && deletedAt !== null)).toBe(true);
  expect((await room.history(ann, { limit: 1 })).items).toMatchObject([{ text: "kept" }]);
  expect((await room.ask(ann, "view", {})).messages).toBe(2_301);
});
