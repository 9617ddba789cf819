import { describe, expect, it } from "vitest";
import { mulberry } from "../tests/lib/random.ts";
import type { Message } from "../contract/rooms.ts";
import type { LiveEvent } from "./live.ts";
import { RoomLog } from "./room-log.ts";

const written = (offset: number, more: Partial<Message> = {}): Message => ({
  offset,
  id: `lobby:${offset}`,
  clientId: `c${offset}`,
  sender: "minted|ada",
  senderName: "Ada",
  at: offset * 1_000,
  kind: "text",
  text: `text ${offset}`,
  mediaId: null,
  media: null,
  replyTo: null,
  mentions: [],
  reactions: [],
  editedAt: null,
  deletedAt: null,
  ...more,
});
const event = (offset: number, type: string, data: unknown): LiveEvent => ({
  v: 1,
  type,
  id: `e:${offset}`,
  at: offset * 1_000,
  channel: "room/lobby",
  epoch: "e",
  offset,
  data,
});

describe("a room's log on the client's side", () => {
  it("[RM190] folds pages and events to the same picture in whatever order a page comes between them", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = mulberry(seed);
      const events: LiveEvent[] = [];
      const truth = new RoomLog();
      const pages: { items: Message[]; asOf: number }[] = [];
      for (let offset = 1; offset <= 30; offset++) {
        const offsets = truth.messages.map((message) => message.offset);
        const target = offsets[Math.floor(random() * offsets.length)];
        const kind = target === undefined ? 0 : Math.floor(random() * 5);
        const made =
          kind === 1
            ? event(offset, "edited", { offset: target, text: `edit ${offset}`, mentions: [], by: "minted|ada" })
            : kind === 2
              ? event(offset, "deleted", { offset: target, by: "minted|ada" })
              : kind === 3
                ? event(offset, "reaction", { offset: target, emoji: "👍", by: `minted|p${offset % 3}`, on: true, count: 1 })
                : event(offset, "message", written(offset));
        events.push(made);
        truth.event(made);
        if (random() < 0.3) pages.push({ items: [...truth.messages], asOf: offset });
      }
      const client = new RoomLog();
      for (const one of events) {
        client.event(one);
        const page = pages[Math.floor(random() * pages.length)];
        // A page of the past, or of a moment that the events have yet to reach.
        if (page && random() < 0.4) client.page(page.items, page.asOf);
      }
      expect(client.messages, `seed ${seed}`).toEqual(truth.messages);
    }
  });

  it("[RM190] takes an edit that comes before the page it belongs to", () => {
    const log = new RoomLog();
    log.event(event(9, "edited", { offset: 3, text: "later", mentions: [], by: "minted|ada" }));
    log.page([written(3)], 5);
    expect(log.get(3)?.text).toBe("later");
  });

  it("[RM190] leaves nothing of a deleted message but its place", () => {
    const log = new RoomLog();
    log.page([written(3, { mediaId: "m", mentions: ["minted|eve"] })], 3);
    log.event(event(4, "deleted", { offset: 3, by: "minted|ada" }));
    expect(log.get(3)).toMatchObject({ text: "", mediaId: null, mentions: [], deletedAt: 4_000 });
  });
});
