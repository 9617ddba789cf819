import { LIVE_CLOSE } from "../../../contract/live-codes.ts";
import type { Problem } from "../../../contract/problems.ts";
import type { RoomEvent, RoomFrame } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { Receipt } from "../../../contract/rooms.ts";
import type { RoomActs, Standing } from "./acts.ts";
import type { FanOut, RoomSockets } from "./fan-out.ts";
import type { People } from "./people.ts";
import { PassingNews } from "./passing.ts";
import type { Passing } from "./room-frames.ts";
import type { RoomSession } from "./room-session.ts";

type FrameOf<T extends RoomFrame["type"]> = Extract<RoomFrame, { readonly type: T }>;

const MEMBERS_ONLY: Problem = { slug: "forbidden", detail: "Presence, typing and receipts are of members." };

/** Who is in the room with a socket: members with their presence, typing and receipts; and guests, who read what is public. */
export class Attendance<F extends { readonly type: string }> {
  readonly #acts: RoomActs;
  readonly #sockets: RoomSockets<F>;
  readonly #fanOut: FanOut<F>;
  readonly #news = new PassingNews<RoomSession>();
  readonly #guests = new Set<RoomSession>();

  constructor(acts: RoomActs, sockets: RoomSockets<F>, fanOut: FanOut<F>) {
    this.#acts = acts;
    this.#sockets = sockets;
    this.#fanOut = fanOut;
  }

  get people(): People<RoomSession> {
    return this.#news.people;
  }

  /** Takes back those who slept: nobody came, nobody went. */
  restore(sessions: readonly RoomSession[], now: number): void {
    for (const session of sessions) {
      if (session.member) this.people.come(session.person.id, session, session.data, now);
      else if (session.person.kind === "subject") this.#guests.add(session);
    }
    this.people.settle();
  }

  /** Notices that somebody is a member, once they are. */
  recognise(session: RoomSession, now: number): void {
    const { person } = session;
    if (session.member || person.kind !== "subject") return;
    if (this.#acts.member(person.id)?.state !== "active") return void this.#guests.add(session);
    session.member = true;
    this.#guests.delete(session);
    this.people.come(person.id, session, session.data, now);
  }

  /**
   * What is about to be told, over whichever wire it came: who sent something does not type any more, and who does not belong to the room
   * any more goes, on every socket and before they hear of it.
   */
  notice(events: readonly RoomEvent[], now: number): void {
    for (const { type, data } of events) {
      if (type === "message") this.#news.typing.stop(data.sender);
      if (type !== "member" || data.state === "invited") continue;
      // They may write no more, perhaps; who still may says so again within a second.
      this.#news.typing.stop(data.subject);
      const guests = [...this.#guests].filter(({ person }) => person.id === data.subject);
      if (data.state === "active") {
        for (const session of guests) this.recognise(session, now);
        continue;
      }
      const reason = data.state === "left" ? "you have left the room" : `you were ${data.state} from the room`;
      for (const session of [...this.people.tabsOf(data.subject), ...guests]) this.#sockets.close(session, LIVE_CLOSE.denied, reason);
      this.people.dismiss(data.subject, now);
    }
  }

  left(session: RoomSession, now: number): void {
    this.#guests.delete(session);
    const { id } = session.person;
    if (!session.member || !this.people.go(id, session, now)) return;
    this.#news.typing.stop(id);
    this.#acts.noteSeen(id, now);
  }

  /** Who is there and how far they have read: what is told later is only what changes. */
  show(session: RoomSession, now: number): void {
    this.showPeople(session, now);
    if (!this.#isWide()) this.#fanOut.passTo(session, { type: "receipts", items: this.#acts.receipts() }, now);
  }

  /** Who is there, to a socket that may have missed some of it. */
  showPeople(session: RoomSession, now: number): void {
    if (!this.#isWide()) this.#fanOut.passTo(session, { type: "presence", items: this.people.present(L.receiptMembers) }, now);
  }

  /** @param standing of who says it; undefined of somebody who is no member. @returns why not */
  type(session: RoomSession, on: boolean, standing: Standing | undefined, now: number): Problem | undefined {
    if (!standing) return MEMBERS_ONLY;
    if ((standing.mutedUntil ?? 0) > now) return { slug: "muted", detail: "Who is muted is not seen typing." };
    if (!standing.mayWrite) return { slug: "forbidden", detail: "Who may not write here is not seen typing." };
    this.#news.typing.say(session.person.id, on, now);
    return undefined;
  }

  /** @returns why not */
  receive(session: RoomSession, { deliveredOffset, readOffset }: FrameOf<"receipt">, now: number): Problem | undefined {
    if (!session.member) return MEMBERS_ONLY;
    const receipt = { ...(deliveredOffset === undefined ? {} : { deliveredOffset }), ...(readOffset === undefined ? {} : { readOffset }) };
    const noted = this.#acts.noteReceipt(session.person.id, receipt, now);
    if (!noted.ok) return noted.problem;
    if (noted.value) this.noteReceipt(noted.value);
    return undefined;
  }

  /** A member's receipt has moved. */
  noteReceipt(receipt: Receipt): void {
    this.#news.receipt(receipt);
  }

  /** @returns why not */
  presence(session: RoomSession, { state, data }: FrameOf<"presence">): Problem | undefined {
    if (!session.member) return MEMBERS_ONLY;
    session.away = state === "away";
    if (data !== undefined) session.data = data;
    this.people.changed(session.person.id, data);
    this.#sockets.touch(session);
    return undefined;
  }

  /** The next time that `pass` has something to do; undefined: until something happens, never. */
  dueAt(): number | undefined {
    return this.#news.dueAt(this.#news.typing.hasNews && this.#isWide());
  }

  /** Tells what it is time for. */
  pass(now: number): void {
    const wide = this.#isWide();
    for (const news of this.#news.take(wide, now)) this.#tell(news, wide, now);
  }

  #tell(news: Passing, wide: boolean, now: number): void {
    if (news.type !== "receipts" || !wide) return this.#fanOut.pass(news, now);
    // Among so many everybody's are nobody's business: only their own other screens hear of them.
    for (const receipt of news.items) {
      for (const session of this.people.tabsOf(receipt.subject))
        if (session.subscribed) this.#fanOut.passTo(session, { type: "receipts", items: [receipt] }, now);
    }
  }

  #isWide(): boolean {
    return this.#acts.memberCount() > L.receiptMembers;
  }
}
