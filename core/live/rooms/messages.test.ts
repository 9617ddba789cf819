import { expect, it } from "vitest";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { emojiSchema, messageEditSchema, messageInputSchema, roomPatchSchema } from "../../../contract/rooms.ts";
import { person, service, slug, START, TestDesk } from "./desk-testing.ts";
import { MemoryRoomStore } from "./memory-store-testing.ts";

it("[RM3] every event has the next place, messages their own count beside it, and none is skipped by what was refused", () => {
  const desk = new TestDesk();
  const owner = desk.seat("ann", "owner");
  const first = desk.say(owner);
  desk.send(owner, "", { replyTo: 99, mediaId: "none" });
  desk.do(owner, { type: "react", offset: first, emoji: "👍", on: true });
  desk.say(owner);
  desk.put(owner, "ben");
  desk.do(owner, { type: "edit", offset: first, edit: { text: "other", mentions: [] } });
  desk.say(owner);
  desk.do(owner, { type: "delete", offset: first });
  expect(desk.told.map(({ offset, type }) => `${offset} ${type}`)).toEqual([
    "1 message",
    "2 reaction",
    "3 message",
    "4 member",
    "5 edited",
    "6 message",
    "7 deleted",
  ]);
  expect(desk.store.messagesAfter(0, 10).map(({ ordinal }) => ordinal)).toEqual([1, 2, 3]);
  expect(desk.store.places()).toMatchObject({ offset: 7, ordinal: 3 });
});

it("[RM14] an answer to what is ahead of the room and a file that was not uploaded are refused with their field", () => {
  const desk = new TestDesk();
  const ann = desk.seat("ann");
  const offset = desk.say(ann);
  const fields = [{ replyTo: offset + 1 }, { mediaId: "m-1" }].map((more) => {
    const sent = desk.send(ann, "hello", more);
    return sent.ok ? "ok" : sent.problem.errors?.[0]?.pointer;
  });
  expect(fields).toEqual(["/replyTo", "/mediaId"]);
  expect(slug(desk.send(ann, "hello", { replyTo: offset }))).toBe("ok");
});

it("[RM14] a message says who sent it, by the name of the moment, and whom it names, each once", () => {
  const desk = new TestDesk();
  desk.seat("ben");
  const ann = { ...desk.seat("ann"), name: "Ann B." };
  const offset = desk.say(ann, "look", { mentions: ["minted|ben", "ben", "minted|eve"] });
  expect(desk.store.message(offset)).toMatchObject({
    sender: "minted|ann",
    senderName: "Ann B.",
    mentions: ["minted|ben", "minted|eve"],
    kind: "text",
    at: START,
  });
  expect(desk.store.message(desk.say(service("write")))).toMatchObject({ sender: "key:1", kind: "system" });
});

it("[RM15] 30 sends at once and ten a second after them; one more is refused with the time to wait, and nobody else waits", () => {
  const desk = new TestDesk();
  const [ann, ben] = [desk.seat("ann"), desk.seat("ben")];
  for (let n = 0; n < L.sendBurst; n++) expect(slug(desk.send(ann))).toBe("ok");
  const refused = desk.send(ann);
  expect(refused.ok ? undefined : refused.problem).toMatchObject({ slug: "rate-limited", retryAfterS: 0.1 });
  expect(slug(desk.send(ben))).toBe("ok");
  desk.now += 100;
  expect([slug(desk.send(ann)), slug(desk.send(ann))]).toEqual(["ok", "rate-limited"]);
  for (let n = 0; n < 2 * L.sendBurst; n++) expect(slug(desk.send(service("write")))).toBe("ok");
});

it("[RM15] a repetition is answered while its sender has to wait, and costs nothing of the rate", () => {
  const desk = new TestDesk();
  const ann = desk.seat("ann");
  const first = desk.say(ann, "once", { clientId: "same" });
  for (let n = 1; n < L.sendBurst; n++) desk.say(ann);
  for (let n = 0; n < 5; n++) {
    const again = desk.send(ann, "once", { clientId: "same" });
    expect(again).toMatchObject({ ok: true, value: { offset: first, isNew: false } });
  }
  expect(slug(desk.send(ann))).toBe("rate-limited");
});

it("[RM16] authors and moderators edit; what it said before is kept, a hundred times", () => {
  const store = new MemoryRoomStore();
  const desk = new TestDesk("group", store);
  const [ann, ben, admin] = [desk.seat("ann"), desk.seat("ben"), desk.seat("mod", "admin")];
  const offset = desk.say(ann, "first");
  const edit = (by: typeof ann, text: string) => slug(desk.do(by, { type: "edit", offset, edit: { text, mentions: [] } }));
  expect([edit(ben, "no"), edit(ann, "second"), edit(admin, "third")]).toEqual(["forbidden", "ok", "ok"]);
  expect(desk.store.message(offset)).toMatchObject({ text: "third", editedAt: START });
  expect(store.versions.get(offset)?.map(({ text }) => text)).toEqual(["first", "second"]);
  const events = desk.told.length;
  expect(edit(ann, "third")).toBe("ok");
  expect(desk.told).toHaveLength(events);
  for (let n = 0; n < 120; n++) {
    desk.now += 100;
    edit(ann, `text ${n}`);
  }
  expect(store.versions.get(offset)).toHaveLength(100);
  expect(slug(desk.do(ann, { type: "edit", offset: 999, edit: { text: "x", mentions: [] } }))).toBe("not-found");
});

it("[RM17] a deleted message is a tombstone: no text, file, reactions or mentions; it is neither edited nor reacted to any more", () => {
  const store = new MemoryRoomStore();
  const desk = new TestDesk("group", store);
  const [ann, ben] = [desk.seat("ann"), desk.seat("ben")];
  const offset = desk.say(ann, "secret", { mentions: [ben.id] });
  desk.do(ann, { type: "edit", offset, edit: { text: "secret too", mentions: [ben.id] } });
  desk.do(ben, { type: "react", offset, emoji: "👍", on: true });
  expect(slug(desk.do(ben, { type: "delete", offset }))).toBe("forbidden");
  expect(slug(desk.do(ann, { type: "delete", offset }))).toBe("ok");
  expect(store.message(offset)).toMatchObject({ text: "", mentions: [], reactions: [], mediaId: null, deletedAt: START, sender: ann.id });
  expect([store.versions.get(offset), store.reactors(offset, "👍", 9), store.mentionsAfter(ben.id, 0, 9)]).toEqual([undefined, [], 0]);
  expect(slug(desk.do(ann, { type: "edit", offset, edit: { text: "back", mentions: [] } }))).toBe("message-deleted");
  expect(slug(desk.do(ben, { type: "react", offset, emoji: "👍", on: true }))).toBe("message-deleted");
  const events = desk.told.length;
  expect(slug(desk.do(ann, { type: "delete", offset }))).toBe("ok");
  expect(desk.told).toHaveLength(events);
});

it("[RM18] reactions are counted once a person, with the first twenty by name, 32 different ones a message", () => {
  const desk = new TestDesk();
  const offset = desk.say(desk.seat("ann"));
  const people = Array.from({ length: 25 }, (_, n) => desk.seat(`p${n}`));
  const react = (by: (typeof people)[number], emoji: string, on = true) => {
    desk.now += 100;
    return slug(desk.do(by, { type: "react", offset, emoji, on }));
  };
  for (const by of people) react(by, "👍");
  const first = people[0] ?? service();
  const told = desk.told.length;
  expect(react(first, "👍")).toBe("ok");
  expect(desk.told).toHaveLength(told);
  const shown = () => desk.store.message(offset)?.reactions.find(({ emoji }) => emoji === "👍");
  expect(shown()).toMatchObject({ count: 25, by: people.slice(0, 20).map(({ id }) => id) });
  react(first, "👍", false);
  expect(shown()).toMatchObject({ count: 24, by: people.slice(1, 21).map(({ id }) => id) });
  for (let n = 1; n < L.emojiPerMessage; n++) expect(react(first, `e${n}`)).toBe("ok");
  expect(react(first, "one more")).toBe("conflict");
  expect(react(first, "e1", false)).toBe("ok");
  expect(desk.store.message(offset)?.reactions.some(({ emoji }) => emoji === "e1")).toBe(false);
  expect(react(first, "one more")).toBe("ok");
});

it("[RM23] unread mentions are counted of members, as edits add them and take them back", () => {
  const desk = new TestDesk();
  const [ann, ben] = [desk.seat("ann"), desk.seat("ben")];
  const offset = desk.say(ann, "look", { mentions: [ben.id, "minted|eve", ann.id] });
  const counts = () => [ben.id, "minted|eve", ann.id].map((subject) => desk.store.mentionsAfter(subject, 0, 9));
  expect(counts()).toEqual([1, 0, 0]);
  desk.do(ann, { type: "edit", offset, edit: { text: "look", mentions: [] } });
  expect(counts()).toEqual([0, 0, 0]);
  desk.do(ann, { type: "edit", offset, edit: { text: "look!", mentions: [ben.id] } });
  expect(counts()).toEqual([1, 0, 0]);
});

it("[RM26] one transaction emits one event for all its messages, with their range, and no word of what was said", () => {
  const desk = new TestDesk();
  const ann = desk.seat("ann");
  const send = (n: number) => ({
    by: ann,
    change: { type: "send" as const, message: messageInputSchema.parse({ clientId: `m${n}`, text: "secret" }) },
  });
  desk.desk.commit([send(1), send(2), { by: person("eve"), change: send(9).change }, send(3)], START);
  expect(desk.outbox).toEqual([
    {
      type: "meridian.message.sent",
      subject: "room/lobby",
      data: { count: 3, room: "lobby", epoch: "e1", fromOffset: 1, toOffset: 3 },
    },
  ]);
  desk.do(ann, { type: "edit", offset: 1, edit: { text: "secret too", mentions: [] } });
  desk.do(ann, { type: "delete", offset: 2 });
  expect(desk.outbox.slice(1).map(({ type, data }) => [type, data["offsets"]])).toEqual([
    ["meridian.message.edited", [1]],
    ["meridian.message.deleted", [2]],
  ]);
  expect(JSON.stringify(desk.outbox)).not.toContain("secret");
});

it("[RM26] an event of a member names them by digest, and by name only where it is personal", () => {
  const desk = new TestDesk();
  const owner = desk.seat("ann", "owner");
  desk.put(owner, "ben", { name: "Ben" });
  desk.put(owner, "ben", { state: "banned" });
  expect(desk.outbox.map(({ type }) => type)).toEqual(["meridian.room.member.joined", "meridian.room.member.banned"]);
  for (const { data } of desk.outbox) {
    const { personal, ...rest } = data;
    expect(personal).toEqual({ subject: "minted|ben", name: "Ben" });
    expect(rest).toMatchObject({ room: "lobby", ref: "ref-ben", actor: "subject:ref-ann" });
    expect(JSON.stringify(rest)).not.toContain("minted|");
  }
});

it("[RM37] what is sent in order stops at the first refusal, and goes on there when it is sent again", () => {
  const desk = new TestDesk();
  const ann = desk.seat("ann");
  const changes = Array.from({ length: 40 }, (_, n) => ({
    by: ann,
    change: { type: "send" as const, message: messageInputSchema.parse({ clientId: `m${n}`, text: "hello" }) },
  }));
  const first = desk.desk.commitInOrder(changes, START);
  expect(first.results).toHaveLength(L.sendBurst + 1);
  expect(first.results.at(-1)).toMatchObject({ ok: false, problem: { slug: "rate-limited" } });
  const second = desk.desk.commitInOrder(changes, START + 1_000);
  expect(second.results.map(slug)).toEqual(Array(40).fill("ok"));
  expect(second.events.map(({ offset }) => offset)).toEqual(Array.from({ length: 10 }, (_, n) => L.sendBurst + 1 + n));
  expect(desk.store.messagesAfter(0, 100).map(({ clientId }) => clientId)).toEqual(changes.map((_, n) => `m${n}`));
});

it("[RM41] half a character is no part of a name, an emoji or a clientId, and is U+FFFD in a text from the start", () => {
  const half = "\ud83d";
  const message = (clientId: string, text: string) => messageInputSchema.safeParse({ clientId, text });
  expect(message(`c${half}`, "hello").error?.issues.map(({ path }) => path)).toEqual([["clientId"]]);
  expect(message("c😀", `hel${half}lo 😀`).data?.text).toBe("hel\ufffdlo 😀");
  expect(messageEditSchema.parse({ text: half }).text).toBe("\ufffd");
  expect([half, `${half}👍`, "👍"].map((emoji) => emojiSchema.safeParse(emoji).success)).toEqual([false, false, true]);
  expect([half, "Tea 🍵"].map((title) => roomPatchSchema.safeParse({ title }).success)).toEqual([false, true]);
  // Its bytes are those of what is kept: a half is three.
  expect(message("c", half.repeat(L.textBytes / 3)).success).toBe(true);
  expect(message("c", half.repeat(L.textBytes / 3 + 1)).success).toBe(false);
});
