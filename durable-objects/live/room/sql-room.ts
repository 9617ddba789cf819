import type { LogPlaces, RoomHead, RoomStore } from "../../../core/live/rooms/store.ts";
import { SqlHead } from "./sql-head.ts";
import { SqlMarks } from "./sql-marks.ts";
import { SqlMembers } from "./sql-members.ts";
import { SqlRoomLog } from "./sql-log.ts";

/** A room in the SQL of its object. Each part has tables of its own. */
export class SqlRoom implements RoomStore {
  readonly own: SqlHead;
  readonly log: SqlRoomLog;
  readonly people: SqlMembers;
  readonly marks: SqlMarks;

  /** @param doomed told of a file that nothing shows any more, in the transaction */
  constructor(sql: SqlStorage, doomed: (mediaId: string) => void) {
    this.own = new SqlHead(sql);
    this.log = new SqlRoomLog(sql, this.own);
    this.people = new SqlMembers(sql);
    this.marks = new SqlMarks(sql, doomed);
  }

  /** Forgets memory: after a transaction was undone, and before a load. */
  reset(): void {
    this.own.reset();
    this.log.reset();
    this.people.reset();
  }

  head(): RoomHead | undefined {
    return this.own.find();
  }

  putHead(head: RoomHead): void {
    this.own.put(head);
  }

  places(): LogPlaces {
    return this.log.places();
  }

  append: RoomStore["append"] = (message) => this.log.append(message);
  rewrite: RoomStore["rewrite"] = (message) => this.log.rewrite(message);
  message: RoomStore["message"] = (offset) => this.log.message(offset);
  messagesBefore: RoomStore["messagesBefore"] = (offset, limit) => this.log.messagesBefore(offset, limit);
  messagesAfter: RoomStore["messagesAfter"] = (offset, limit) => this.log.messagesAfter(offset, limit);
  ordinalAt: RoomStore["ordinalAt"] = (offset) => this.log.ordinalAt(offset);
  note: RoomStore["note"] = (note) => this.log.note(note);
  notesAfter: RoomStore["notesAfter"] = (offset, limit) => this.log.notesAfter(offset, limit);
  trimNotes: RoomStore["trimNotes"] = (upTo, limit) => this.log.trimNotes(upTo, limit);

  addVersion: RoomStore["addVersion"] = (offset, version) => this.marks.addVersion(offset, version);
  dropVersions: RoomStore["dropVersions"] = (offset) => this.marks.dropVersions(offset);
  addReaction: RoomStore["addReaction"] = (offset, emoji, subject, place) => this.marks.addReaction(offset, emoji, subject, place);
  dropReaction: RoomStore["dropReaction"] = (offset, emoji, subject) => this.marks.dropReaction(offset, emoji, subject);
  reactors: RoomStore["reactors"] = (offset, emoji, limit) => this.marks.reactors(offset, emoji, limit);
  dropReactions: RoomStore["dropReactions"] = (offset) => this.marks.dropReactions(offset);
  addMention: RoomStore["addMention"] = (subject, offset) => this.marks.addMention(subject, offset);
  mentionsAfter: RoomStore["mentionsAfter"] = (subject, offset, limit) => this.marks.mentionsAfter(subject, offset, limit);
  dropMentions: RoomStore["dropMentions"] = (subject, upTo) => this.marks.dropMentions(subject, upTo);
  dropMention: RoomStore["dropMention"] = (subject, offset) => this.marks.dropMention(subject, offset);
  media: RoomStore["media"] = (mediaId) => this.marks.media(mediaId);
  putMedia: RoomStore["putMedia"] = (media) => this.marks.putMedia(media);
  useMedia: RoomStore["useMedia"] = (mediaId, change) => this.marks.useMedia(mediaId, change);
  clientIdBlocks: RoomStore["clientIdBlocks"] = () => this.marks.clientIdBlocks();
  putClientIdBlock: RoomStore["putClientIdBlock"] = (block) => this.marks.putClientIdBlock(block);
  trimClientIdBlocks: RoomStore["trimClientIdBlocks"] = (keep) => this.marks.trimClientIdBlocks(keep);

  member: RoomStore["member"] = (subject) => this.people.find(subject);
  putMember: RoomStore["putMember"] = (member) => this.people.put(member);
  members: RoomStore["members"] = (query) => this.people.list(query);
  memberCount: RoomStore["memberCount"] = () => this.people.counts().members;
  ownerCount: RoomStore["ownerCount"] = () => this.people.counts().owners;
  makeRoomForMember: RoomStore["makeRoomForMember"] = () => this.people.makeRoom();
}
