import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { ObjectNamespace } from "../../../contract/address.ts";
import { ROOM_LIMITS } from "../../../contract/room-limits.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { InboxNote, InboxRpc } from "../../../contract/rpc/inbox.ts";
import type { StoredMember } from "../../../core/live/rooms/store.ts";
import { InboxNotes, type InboxNotesParts } from "./inbox-notes.ts";
import { ann, ben, meta, TestRoom } from "./room-testing.ts";

const TENANT = "t-inbox-notes";
const inboxOf = (who: { readonly ref: string }) => env.INBOXES.getByName(`${TENANT}/inbox/${who.ref}`);
/** Whether an inbox shows this by now; notes go out a second after what they tell. */
const shows = async (who: { readonly ref: string }, room: string, expected: object | undefined) =>
  await vi.waitFor(
    async () => {
      const found = (await inboxOf(who).list(200)).items.find((one) => one.room === room);
      if (expected === undefined) expect(found).toBeUndefined();
      else expect(found).toMatchObject(expected);
    },
    { timeout: 15_000, interval: 100 },
  );

describe("what a room tells its members' inboxes", () => {
  it("[RM160] is every message, with what is unread for each; who reads has less, and who leaves is rid of it", async () => {
    const room = await new TestRoom("notes-small", TENANT).open({ title: "Notes" });
    await room.say(ann, "hello");
    await room.say(ann, "again");
    await shows(ben, room.name, { title: "Notes", summary: { unread: 2, last: { text: "again", senderName: "ann" } } });
    await shows(ann, room.name, { summary: { unread: 0 } });
    const { offset } = await room.ask(ben, "view", {});
    await room.rpc.putReceipts(ben, { readOffset: offset });
    await shows(ben, room.name, { summary: { unread: 0 } });
    await room.rpc.removeMember(ben, ben.id, meta);
    await shows(ben, room.name, undefined);
  });

  it("[RM160] of two people is called by the other one", async () => {
    const members = [ann, ben].map(({ id, ref, name }) => ({ subject: id, ref, name, avatarUrl: null, role: "member" as const }));
    const room = await new TestRoom("notes-direct", TENANT).open({ kind: "direct", members });
    await room.say(ann, "psst");
    await shows(ben, room.name, { peer: ann.id, peerName: "ann" });
    await shows(ann, room.name, { peer: ben.id });
  });

  it("[RM161] of a large room is only that somebody came, went or changed: the others ask when they list", async () => {
    const told: InboxNote[] = [];
    const inboxes = { getByName: () => ({ note: async (notes: readonly InboxNote[]) => void told.push(...notes) }) };
    const member = { ref: "ref-ann", subject: ann.id, state: "active", role: "member" } as StoredMember;
    const parts = {
      kit: { address: { tenantId: TENANT }, now: () => 1, sql: { exec: () => ({ toArray: () => [] }) }, transaction: () => undefined },
      store: { memberCount: () => ROOM_LIMITS.receiptMembers + 1, member: () => member, places: () => ({ offset: 1 }) },
      head: () => ({ room: "large", kind: "group", title: "Large", state: "live" }),
      presence: { stateOf: () => "offline" },
      summary: () => ({ offset: 1, unread: 1, mentions: 0, last: null }),
    } as unknown as InboxNotesParts; // as much of a room as notes look at
    const notes = new InboxNotes(parts, inboxes as unknown as ObjectNamespace<InboxRpc>, () => undefined);
    notes.committed([{ type: "message", offset: 1, at: 1, data: {} } as RoomEvent]);
    notes.hasRead(ann.id);
    await scheduler.wait(ROOM_LIMITS.inboxMs + 300);
    expect(told).toEqual([]);
    notes.committed([{ type: "member", offset: 2, at: 1, data: { subject: ann.id } } as RoomEvent]);
    await vi.waitFor(() => expect(told).toMatchObject([{ room: "large", summary: null }]), { timeout: 10_000 });
  });

  it("[RM162] is told after a restart when the room ended before it could", async () => {
    const room = await new TestRoom("notes-restart", TENANT).open();
    await shows(ben, room.name, {});
    await room.say(ann, "lost?");
    await room.evict(); // at once: the second in which notes wait is not over
    await room.ask(ann, "view", {});
    await shows(ben, room.name, { summary: { unread: 1 } });
  });
});
