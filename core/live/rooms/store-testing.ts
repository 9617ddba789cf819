import type { RoomHead, RoomStore, StoredMember, StoredMessage, StoredNote } from "./store.ts";

const head: RoomHead = {
  room: "lobby",
  kind: "group",
  title: "Lobby",
  retentionDays: null,
  hotMessages: 1_000,
  version: 1,
  createdAt: 1,
  epoch: "e1",
  state: "live",
};

const message = (offset: number, ordinal: number, fields: Partial<StoredMessage> = {}): StoredMessage => ({
  offset,
  ordinal,
  clientId: `c-${offset}`,
  sender: "minted|ann",
  senderName: "Ann",
  at: 1_000 + offset,
  kind: "text",
  text: `text ${offset}`,
  mediaId: null,
  media: null,
  replyTo: null,
  mentions: [],
  reactions: [],
  editedAt: null,
  deletedAt: null,
  ...fields,
});

const member = (name: string, fields: Partial<StoredMember> = {}): StoredMember => ({
  subject: `minted|${name}`,
  ref: `ref-${name}`,
  role: "member",
  state: "active",
  name,
  avatarUrl: null,
  joinedAt: 1,
  mutedUntil: null,
  seenAt: null,
  deliveredOffset: 0,
  readOffset: 0,
  readOrdinal: 0,
  delivered: [],
  read: [],
  ...fields,
});

const note = (offset: number): StoredNote => ({
  offset,
  at: 1_000 + offset,
  event: { type: "deleted", data: { offset: 1, by: "minted|ann" } },
});

/**
 * Works a store through everything that its port says, and answers what it said to each question: two stores that answer alike are alike.
 * @param store one that was never used
 */
export function storeAnswers(store: RoomStore): unknown[] {
  const answers: unknown[] = [];
  const ask = (...what: unknown[]): void => void answers.push(...what);
  ask(store.head(), store.places());
  store.putHead(head);
  store.putHead({ ...head, title: "Hall", retentionDays: 3, version: 2 });
  ask(store.head(), store.places(), store.messagesBefore(9, 9), store.message(1), store.ordinalAt(9));

  store.append(message(1, 1));
  store.note(note(2));
  store.append(message(3, 2, { mentions: ["minted|ben"], reactions: [{ emoji: "👍", count: 1, by: ["minted|ben"] }], replyTo: 1 }));
  store.append(
    message(4, 3, { kind: "media", mediaId: "m", media: { type: "image/png", bytes: 1, width: 2, height: null }, clientId: null }),
  );
  store.note(note(5));
  store.rewrite(message(1, 1, { text: "", editedAt: 5, deletedAt: 6 }));
  ask(store.places(), store.message(1), store.message(2), store.message(3), store.message(4));
  ask(store.messagesBefore(4, 1), store.messagesBefore(9, 2), store.messagesAfter(1, 1), store.messagesAfter(0, 9));
  ask(store.ordinalAt(0), store.ordinalAt(2), store.ordinalAt(3), store.ordinalAt(99));
  ask(store.notesAfter(0, 9), store.notesAfter(2, 9), store.notesAfter(0, 1));
  store.trimNotes(4, 9);
  ask(store.notesAfter(0, 9), store.places());

  store.addVersion(3, { at: 1, text: "a" });
  store.addVersion(3, { at: 1, text: "b" });
  store.dropVersions(3);
  ask(["ben", "cid", "ann", "ben"].map((who, place) => store.addReaction(3, "👍", who, place)));
  ask(store.addReaction(3, "🎉", "ben", 9), store.reactors(3, "👍", 2), store.reactors(3, "🎉", 2));
  ask(store.dropReaction(3, "👍", "cid"), store.dropReaction(3, "👍", "cid"), store.reactors(3, "👍", 9));
  store.dropReactions(3);
  ask(store.reactors(3, "👍", 9), store.addReaction(3, "👍", "ben", 1));

  for (const offset of [1, 3, 4, 4]) store.addMention("minted|ben", offset);
  ask(store.mentionsAfter("minted|ben", 0, 9), store.mentionsAfter("minted|ben", 1, 9), store.mentionsAfter("minted|ben", 0, 2));
  store.dropMention("minted|ben", 3);
  store.dropMentions("minted|ben", 1);
  ask(store.mentionsAfter("minted|ben", 0, 9), store.mentionsAfter("minted|ann", 0, 9));

  ask(store.member("minted|ann"), store.memberCount(), store.ownerCount(), store.makeRoomForMember());
  store.putMember(member("ann", { role: "owner", avatarUrl: "https://a", mutedUntil: 7, seenAt: 8, delivered: [[1, 2]], read: [[3, 4]] }));
  for (const state of ["active", "invited", "left", "removed", "banned"] as const) store.putMember(member(`b-${state}`, { state }));
  store.putMember(member("c", { role: "owner", state: "left" }));
  ask(store.member("minted|ann"), store.memberCount(), store.ownerCount());
  store.putMember(member("b-left", { state: "active", role: "owner", readOffset: 4, readOrdinal: 3 }));
  store.putMember(member("b-active", { state: "banned" }));
  ask(store.memberCount(), store.ownerCount(), store.member("minted|b-left"), store.member("minted|nobody"));
  ask(store.members({ after: "", limit: 2 }), store.members({ after: "minted|b-left", limit: 9, everybody: true }));

  const file = {
    mediaId: "m",
    type: "image/png",
    bytes: 1,
    width: 2,
    height: null,
    hasThumbnail: true,
    sha256: "00",
    by: "minted|ann",
    at: 3,
  } as const;
  ask(store.media("m"));
  store.putMedia(file);
  store.useMedia("m", 1);
  store.useMedia("m", 1);
  store.useMedia("m", -1);
  ask(store.media("m"));
  store.useMedia("m", -1);
  store.useMedia("m", -1);
  ask(store.media("m"));

  for (const last of [10, 20, 30]) store.putClientIdBlock({ last, bytes: new Uint8Array([last]) });
  store.trimClientIdBlocks(3);
  store.trimClientIdBlocks(2);
  ask(store.clientIdBlocks().map(({ last, bytes }) => [last, ...bytes]));
  return answers;
}
