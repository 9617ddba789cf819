import { expect, it } from "vitest";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { slug, START, TestDesk } from "./desk-testing.ts";
import { RoomReads } from "./reads.ts";

const reads = (desk: TestDesk) =>
  new RoomReads(
    desk.desk,
    () => ({ stateOf: () => "offline" }),
    (offset) => (offset > 0 ? START + offset : undefined),
  );

function talk(desk: TestDesk, count: number): void {
  const ann = desk.store.member("minted|ann") ? { ...desk.seat("ann") } : desk.seat("ann");
  for (let n = 0; n < count; n++) {
    desk.now += 1_000;
    desk.say(ann);
  }
}

it("[RM19] receipts only rise, what is read was delivered, and one ahead of the room is refused", () => {
  const desk = new TestDesk();
  const ben = desk.seat("ben");
  talk(desk, 10);
  const note = (receipt: { deliveredOffset?: number; readOffset?: number }) => {
    const noted = desk.desk.noteReceipt(ben.id, receipt, desk.now);
    return noted.ok ? noted.value : noted.problem.slug;
  };
  expect(note({ deliveredOffset: 5 })).toEqual({ subject: ben.id, deliveredOffset: 5, readOffset: 0 });
  expect(note({ readOffset: 7 })).toEqual({ subject: ben.id, deliveredOffset: 7, readOffset: 7 });
  expect(note({ deliveredOffset: 6, readOffset: 3 })).toBeUndefined();
  expect(note({ deliveredOffset: 10, readOffset: 3 })).toMatchObject({ deliveredOffset: 10, readOffset: 7 });
  expect(note({ readOffset: 11 })).toBe("receipt-ahead");
  expect(slug(desk.desk.noteReceipt("minted|eve", { readOffset: 1 }, desk.now))).toBe("not-found");
});

it("[RM20] a member's receipts are in memory first, and in their row at most once in five seconds", () => {
  const desk = new TestDesk();
  const ben = desk.seat("ben");
  talk(desk, 10);
  const rows: number[] = [];
  const put = desk.store.putMember.bind(desk.store);
  desk.store.putMember = (member) => {
    if (member.subject === ben.id) rows.push(member.readOffset);
    put(member);
  };
  const at = desk.now;
  for (let ms = 0; ms < 20_000; ms += 250) {
    const offset = 1 + Math.floor(ms / 2_000);
    desk.desk.noteReceipt(ben.id, { readOffset: offset }, at + ms);
    desk.desk.storeReceipts(at + ms);
    expect(desk.desk.member(ben.id)?.readOffset).toBe(offset);
  }
  expect(rows).toEqual([1, 3, 6, 8]);
  desk.desk.storeReceipts(at + 30_000);
  expect(rows).toEqual([1, 3, 6, 8, 10]);
  desk.desk.storeReceipts(at + 60_000);
  expect(rows).toHaveLength(5);
});

it("[RM20] receipts that were not stored yet outlive an undone transaction", () => {
  const desk = new TestDesk();
  const ben = desk.seat("ben");
  talk(desk, 3);
  desk.desk.noteReceipt(ben.id, { readOffset: 2 }, desk.now);
  desk.desk.reset();
  expect(desk.desk.member(ben.id)?.readOffset).toBe(2);
});

it("[RM21] in rooms above 128 members everybody's receipts are their own", () => {
  const desk = new TestDesk();
  for (let n = 0; n < L.receiptMembers; n++) desk.seat(`p${n}`);
  const ben = desk.seat("p1");
  const seen = () => {
    const page = reads(desk).members(ben, 200, undefined);
    return page.ok ? page.value.items.filter(({ readOffset }) => readOffset !== null).length : page.problem.slug;
  };
  expect([desk.desk.receipts().length, seen()]).toEqual([L.receiptMembers, L.receiptMembers]);
  desk.seat("one more");
  expect([desk.desk.receipts().length, seen()]).toEqual([0, 1]);
});

it("[RM22] unread is what came since, without one's own where everything was read before", () => {
  const desk = new TestDesk();
  const [ann, ben, cid] = [desk.seat("ann"), desk.seat("ben"), desk.seat("cid")];
  const unread = () => [ann, ben, cid].map(({ id }) => reads(desk).summaryOf(id).unread);
  desk.say(ann);
  expect(unread()).toEqual([0, 1, 1]);
  // Ben answers without having read: what Ann said stays unread.
  desk.say(ben);
  expect(unread()).toEqual([1, 2, 2]);
  desk.do(ann, { type: "react", offset: 1, emoji: "👍", on: true });
  desk.desk.noteReceipt(ben.id, { readOffset: desk.store.places().offset }, desk.now);
  expect(unread()).toEqual([1, 0, 2]);
  desk.say(ben);
  expect(unread()).toEqual([2, 0, 3]);
  desk.do(ben, { type: "delete", offset: 2 });
  expect(unread()).toEqual([2, 0, 3]);
  desk.desk.noteReceipt(cid.id, { readOffset: 1 }, desk.now);
  expect(unread()).toEqual([2, 0, 2]);
  // Whoever comes has nothing unread.
  const dan = desk.seat("dan", "member", { state: "removed", readOrdinal: 0, readOffset: 0 });
  expect(desk.put(desk.seat("own", "owner"), "dan", { state: "active" })).toBe("ok");
  expect(reads(desk).summaryOf(dan.id).unread).toBe(0);
});

it("[RM24] a trace knows when each of the newest 50 places reached whom, and of older ones only whether", () => {
  const desk = new TestDesk();
  const [ann, ben] = [desk.seat("ann"), desk.seat("ben")];
  desk.seat("cid");
  const first = desk.say(ann);
  desk.desk.noteReceipt(ben.id, { deliveredOffset: first }, START + 10);
  const second = desk.say(ann);
  desk.desk.noteReceipt(ben.id, { deliveredOffset: second, readOffset: first }, START + 20);
  desk.desk.noteReceipt(ben.id, { readOffset: second }, START + 30);
  const trace = (offset: number) => {
    const found = reads(desk).trace(ann, offset);
    return found.ok ? found.value : found.problem.slug;
  };
  expect(trace(first)).toMatchObject({
    storedAt: START,
    fannedOutAt: START + first,
    members: [
      { subject: ben.id, delivered: true, deliveredAt: START + 10, read: true, readAt: START + 20 },
      { subject: "minted|cid", delivered: false, deliveredAt: null, read: false, readAt: null },
    ],
  });
  expect(trace(second)).toMatchObject({ members: [{ deliveredAt: START + 20, readAt: START + 30 }, {}] });
  expect(slug(reads(desk).trace(ben, first))).toBe("forbidden");
  for (let n = 0; n < L.traceOffsets - 1; n++) {
    desk.now += 1_000;
    desk.say(ann);
  }
  expect(trace(second)).toMatchObject({ members: [{ delivered: true, deliveredAt: START + 20 }, {}] });
  expect(trace(first)).toMatchObject({ members: [{ delivered: true, deliveredAt: null, read: true, readAt: null }, {}] });
});
