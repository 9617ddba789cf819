import { describe, expect, it } from "vitest";
import type { Message, Receipt } from "../../../contract/rooms.ts";
import type { Unsent } from "../../../sdk/room-queue.ts";
import { rowsOf } from "./rows.ts";
import { ticksOf, ticksText } from "./ticks.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const OWN = "hosted|me";
const dayOf = (at: number) => String(Math.floor(at / DAY));

const message = (offset: number, at: number, more: Partial<Message> = {}): Message => ({
  offset,
  id: `r:${offset}`,
  clientId: null,
  sender: "hosted|eve",
  senderName: "Eve",
  at,
  kind: "text",
  text: "x",
  mediaId: null,
  media: null,
  replyTo: null,
  mentions: [],
  reactions: [],
  editedAt: null,
  deletedAt: null,
  ...more,
});
const unsent = (clientId: string, at: number): Unsent => ({
  room: "r",
  clientId,
  at,
  state: "waiting",
  message: { clientId, text: "x", mediaId: null, replyTo: null, mentions: [] },
});
const shown = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) => (row.type === "day" ? "day" : row.type === "unread" ? "unread" : `${row.key}${row.first ? " first" : ""}`));

describe("rows of a conversation", () => {
  it("[RM201] stand under one name within five minutes of one sender, and under a new one after a day, a system line or another's", () => {
    const rows = rowsOf({
      messages: [
        message(1, DAY),
        message(2, DAY + MINUTE),
        message(3, DAY + 7 * MINUTE),
        message(4, DAY + 8 * MINUTE, { sender: "hosted|kim" }),
        message(5, DAY + 9 * MINUTE, { kind: "system", sender: "hosted|kim" }),
        message(6, 2 * DAY, { sender: "hosted|kim" }),
      ],
      unsent: [],
      own: OWN,
      readOffset: null,
      dayOf,
    });
    expect(shown(rows)).toEqual(["day", "m 1 first", "m 2", "m 3 first", "m 4 first", "m 5 first", "day", "m 6 first"]);
  });

  it("[RM201] have one line before the first unread message of somebody else", () => {
    const messages = [message(1, 1), message(2, 2, { sender: OWN }), message(3, 3), message(4, 4)];
    expect(shown(rowsOf({ messages, unsent: [], own: OWN, readOffset: 1, dayOf }))).toEqual([
      "day",
      "m 1 first",
      "m 2 first",
      "unread",
      "m 3 first",
      "m 4",
    ]);
    expect(shown(rowsOf({ messages, unsent: [], own: OWN, readOffset: 4, dayOf }))).not.toContain("unread");
  });

  it("[RM201] keep their key when a message that was on its way is stored", () => {
    const waiting = rowsOf({ messages: [], unsent: [unsent("c1", 5)], own: OWN, readOffset: null, dayOf });
    const stored = rowsOf({ messages: [message(1, 5, { sender: OWN, clientId: "c1" })], unsent: [], own: OWN, readOffset: null, dayOf });
    expect(waiting.at(-1)?.key).toBe(stored.at(-1)?.key);
  });
});

describe("ticks", () => {
  const receipts = (...all: Receipt[]) => new Map(all.map((one) => [one.subject, one]));

  it("[RM202] are sent, delivered to all, read by all, with the number in a group", () => {
    const some = receipts(
      { subject: OWN, deliveredOffset: 9, readOffset: 9 },
      { subject: "hosted|eve", deliveredOffset: 5, readOffset: 5 },
      { subject: "hosted|kim", deliveredOffset: 5, readOffset: 3 },
    );
    expect(ticksText(ticksOf(6, some, OWN, 2))).toBe("sent");
    expect(ticksOf(5, some, OWN, 2)).toMatchObject({ state: "delivered", read: 1 });
    expect(ticksText(ticksOf(5, some, OWN, 2))).toBe("read by 1 of 2");
    expect(ticksOf(3, some, OWN, 2).state).toBe("read");
    expect(ticksOf(3, receipts(), OWN, 0).state).toBe("sent");
  });
});
