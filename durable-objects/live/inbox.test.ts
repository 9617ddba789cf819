import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { InboxNote } from "../../contract/rpc/inbox.ts";
import { cryptoRandom, randomText } from "../../contract/ids.ts";
import { Conversations } from "./inbox/conversations.ts";

const note = (room: string, seq: number, more: Partial<InboxNote> = {}): InboxNote => ({
  room,
  seq,
  state: "active",
  kind: "group",
  role: "member",
  title: room,
  peer: null,
  peerName: null,
  isHere: false,
  summary: {
    offset: seq,
    unread: 1,
    mentions: 0,
    last: { offset: seq, at: seq * 1_000, sender: "minted|eve", senderName: "Eve", text: "hi" },
  },
  ...more,
});
/** A message of long ago, as an import brings it. */
const OLD = { offset: 1, sender: "minted|eve", senderName: "Eve", text: "once" };
const inbox = () => env.INBOXES.getByName(`acme/inbox/${randomText(12, cryptoRandom)}`);
const events = async (stub: ReturnType<typeof inbox>) => (await stub.outboxStatus()).depth;

describe("a person's conversations", () => {
  it("[RM150] are listed by their newest message, page after page, and an older note changes nothing", async () => {
    const stub = inbox();
    await stub.note([note("a", 5), note("b", 9), note("c", 7)]);
    await stub.note([note("b", 3), note("c", 7, { title: "again" })]);
    const first = await stub.list(2);
    expect(first.items.map(({ room }) => room)).toEqual(["b", "c"]);
    const second = await stub.list(2, first.nextCursor ?? "");
    expect(second).toMatchObject({ items: [{ room: "a" }], nextCursor: null });
    expect(first.items[1]?.title).toBe("c");
    await stub.note([note("a", 20)]);
    expect((await stub.list(1)).items[0]?.room).toBe("a");
  });

  it("[RM150] leave the list with their room, and a note that was on its way does not bring them back", async () => {
    const stub = inbox();
    await stub.note([note("a", 5)]);
    await stub.note([note("a", 8, { state: "gone" })]);
    await stub.note([note("a", 7)]);
    expect((await stub.list(10)).items).toEqual([]);
    await stub.note([note("a", 9)]);
    expect((await stub.list(10)).items).toHaveLength(1);
  });

  it("[RM151] that are unread are told to who is nowhere, at most once a minute and room", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 100_000 });
    try {
      const stub = inbox();
      const before = await events(stub);
      await stub.note([note("a", 1), note("b", 1)]);
      expect(await events(stub)).toBe(before + 2);
      await stub.note([note("a", 2)]);
      await stub.note([note("old", 1, { summary: { offset: 1, unread: 1, mentions: 0, last: { ...OLD, at: -3_600_000 } } })]);
      expect(await events(stub)).toBe(before + 2);
      vi.setSystemTime(Date.now() + ROOM_LIMITS.unreadEventMs);
      await stub.note([note("a", 3, { isHere: true })]);
      expect(await events(stub)).toBe(before + 2);
      await stub.note([note("a", 4)]);
      expect(await events(stub)).toBe(before + 3);
      vi.setSystemTime(Date.now() + ROOM_LIMITS.unreadEventMs);
      await stub.interest("hub", ["x"], Date.now() + 1_000);
      await stub.note([note("a", 5)]);
      expect(await events(stub)).toBe(before + 3);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[RM152] cost one row a note, and are bounded: beyond the limit the one where least happened goes", async () => {
    const stub = inbox();
    await stub.note([note("a", 1, { isHere: true })]);
    await runInDurableObject(stub, (_inbox, { storage }) => {
      const conversations = new Conversations(storage.sql);
      const written = () => storage.sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
      const before = written();
      conversations.note(note("a", 2), 0);
      expect(written() - before).toBe(1);
      for (let n = 0; n < ROOM_LIMITS.roomsPerPerson + 3; n++) conversations.note(note(`r${n}`, 10 + n), 0);
      expect(storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM conversation").one().n).toBe(ROOM_LIMITS.roomsPerPerson);
      expect(conversations.entry("a")).toBeUndefined();
      expect(conversations.entry(`r${ROOM_LIMITS.roomsPerPerson + 2}`)).toBeDefined();
    });
  });

  it("[RM152] go with the person", async () => {
    const stub = inbox();
    await stub.note([note("a", 1)]);
    const ref = await runInDurableObject(stub, (_inbox, { id }) => id.name?.split("/").at(-1) ?? "");
    await stub.maintain({ type: "forget-subject", subject: "minted|other", ref: "other" });
    expect((await stub.list(10)).items).toHaveLength(1);
    await stub.maintain({ type: "forget-subject", subject: "minted|ada", ref });
    expect((await stub.list(10)).items).toEqual([]);
  });
});
