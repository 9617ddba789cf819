import * as z from "zod";
import { LIVE_LIMITS } from "../../../contract/live-codes.ts";
import { type Action, ACTION_NAMES } from "../../../contract/permissions.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { type Admission, admissionSchema } from "../../../contract/rpc/hub.ts";
import type { RoomAction, RoomCaller } from "../../../contract/rpc/room.ts";
import { asciiJson, readAttachment } from "../attachment.ts";
import { FrameMeter } from "../frame-meter.ts";
import type { Position, Reply } from "../frames.ts";
import { HeldCredential } from "../held-credential.ts";
import type { LiveSession } from "../socket-machine.ts";
import { UnreadBytes, unreadSchema, utf8Bytes } from "../unread-bytes.ts";
import type { PresenceData, Tab } from "./people.ts";
import type { ReportPace } from "./report-pace.ts";
import { numberedBatch } from "./room-frames.ts";

type Person = NonNullable<Admission["person"]>;

/** Who acts in the room. @param actions what the credential may: `rooms:*` among others */
export function callerOf(person: Person, actions: readonly Action[]): RoomCaller {
  const granted = actions.flatMap((action) => (action.startsWith("rooms:") ? [action.slice(6) as RoomAction] : [])); // of `rooms:*`
  return { ...person, granted };
}

const UNREAD = { softBytes: L.unackedSoftBytes, hardBytes: L.unackedBytes } as const;

const dataSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullable();
/** What is kept of a socket while its room sleeps. Read by the previous release too: only ever add optional fields. */
const attachmentSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  actor: z.string(),
  credential: z.string(),
  groups: z.array(z.string()).optional(),
  actions: z.array(z.enum(ACTION_NAMES)),
  expiresAt: z.number().nullable(),
  checkedAt: z.number().optional(),
  person: admissionSchema.shape.person.unwrap(),
  openedAt: z.number(),
  /** Up to where a subscriber was sent the log: epoch and offset. */
  at: z.tuple([z.string(), z.number()]).nullable(),
  member: z.boolean(),
  deflate: z.boolean(),
  away: z.boolean(),
  data: dataSchema,
  unread: unreadSchema,
  faults: z.array(z.number()).optional(),
  recovery: z.tuple([z.number(), z.number()]).nullable(),
  behind: z.boolean(),
  reportedAt: z.number().optional(),
});

/** Where the room's subscribers are: all at the same place. */
export interface SharedPlace {
  at: Position;
  /** When the room reported last, for after a sleep. */
  readonly pace: ReportPace;
}

/** One socket of a room: whose it is, how its frames are numbered, and how much of them is unread. */
export class RoomSession implements LiveSession, Tab {
  readonly id: string;
  readonly held: HeldCredential;
  readonly person: Person;
  readonly meter: FrameMeter;
  openedAt = 0;
  subscribed = false;
  /** Somebody with presence, receipts and a keyboard; who only reads what is public, services and operators are not. */
  member = false;
  /** Wants batches compressed. */
  deflate = false;
  away = false;
  /** What the person says of themselves, on this socket last. */
  data: PresenceData = null;
  /** Presence or typing was left out. */
  behind = false;
  /** The client acknowledged what it was never sent: the two sides count differently. */
  ahead = false;
  /** The bucket of refusals for the rate, and that of subscriptions. */
  abuseTat: number | undefined;
  subscribeTat: number | undefined;
  /** Frames sent when the room reported last. */
  reported = 0;
  readonly #place: SharedPlace;
  /** Where it was when it fell asleep. */
  readonly sleptAt: Position | undefined;
  #unread = new UnreadBytes(UNREAD);
  /** The answer to a subscription, while it is unread: the one thing that may be large at once, and comes on top of the limit. */
  #recovery: { readonly n: number; readonly bytes: number } | undefined;
  #probe: { readonly n: number; readonly at: number } | undefined;

  private constructor(
    id: string,
    held: HeldCredential,
    person: Person,
    place: SharedPlace,
    slept?: { readonly at: Position | undefined; readonly faults: readonly number[] | undefined },
  ) {
    this.id = id;
    this.held = held;
    this.person = person;
    this.#place = place;
    this.sleptAt = slept?.at;
    this.meter = new FrameMeter(slept?.faults);
  }

  static admitted(id: string, admission: Admission & { readonly person: Person }, place: SharedPlace): RoomSession {
    const { actor, credential, groups, actions, credentialExpiresAt, checkedAt, person } = admission;
    const held = new HeldCredential(actor, { credential, groups, actions, credentialExpiresAt, checkedAt });
    return new RoomSession(id, held, person, place);
  }

  /** Who acts when this socket's client does. */
  get caller(): RoomCaller {
    return callerOf(this.person, this.held.actions);
  }

  get unreadBytes(): number {
    return this.#unread.unread;
  }

  /** Frames sent, ever. */
  get sent(): number {
    return this.#unread.sent;
  }

  get #counted(): number {
    return this.#unread.unread - (this.#recovery?.bytes ?? 0);
  }

  /** Whether everything may be sent; else what can be left out is. */
  get keepsUp(): boolean {
    return this.#counted <= UNREAD.softBytes;
  }

  get hopeless(): boolean {
    return this.#counted > UNREAD.hardBytes;
  }

  /** Whether so many bytes more may be sent. */
  fits(bytes: number): boolean {
    return this.#counted + bytes <= UNREAD.hardBytes;
  }

  reply(reply: Reply): string {
    const text = JSON.stringify({ v: 1, n: this.#unread.next(), ...reply });
    this.#unread.went(utf8Bytes(text));
    return text;
  }

  /** A frame that is the same for many went out: it counts without saying so. */
  went(bytes: number, now: number): void {
    const n = this.#unread.next();
    this.#unread.went(bytes);
    if (n % LIVE_LIMITS.probeEvery === 0) this.#probe = { n, at: now };
  }

  /** Events of a subscription's answer, encoded. */
  catchUp(events: readonly string[]): string {
    const n = this.#unread.next();
    const text = numberedBatch(n, events);
    const bytes = utf8Bytes(text);
    this.#unread.went(bytes);
    // Once at a time: who asks again and again without reading is a slow reader.
    this.#recovery ??= { n, bytes };
    return text;
  }

  acknowledge(n: number): void {
    if (n > this.#unread.sent) this.ahead = true;
    this.#unread.acknowledge(n);
    if (this.#recovery && this.#unread.acked >= this.#recovery.n) this.#recovery = undefined;
  }

  /** How long a probe was under way, once it was acknowledged; given out once. */
  takeProbe(now: number): number | undefined {
    if (!this.#probe || this.#unread.acked < this.#probe.n) return undefined;
    const { at } = this.#probe;
    this.#probe = undefined;
    return Math.max(0, now - at);
  }

  encode(): string {
    const { at } = this.#place;
    const attachment: z.infer<typeof attachmentSchema> = {
      v: 1,
      id: this.id,
      ...this.held.kept(),
      person: this.person,
      openedAt: this.openedAt,
      at: this.subscribed ? [at.epoch, at.offset] : null,
      member: this.member,
      deflate: this.deflate,
      away: this.away,
      data: this.data,
      unread: this.#unread.kept(),
      faults: [...this.meter.kept()],
      recovery: this.#recovery ? [this.#recovery.n, this.#recovery.bytes] : null,
      behind: this.behind,
      reportedAt: this.#place.pace.reportedAt,
    };
    return asciiJson(attachment);
  }

  /** The session after a sleep; undefined when the text is no attachment that this release can read. */
  static decode(text: string, place: SharedPlace): RoomSession | undefined {
    const kept = readAttachment(attachmentSchema, text);
    if (!kept) return undefined;
    const held = new HeldCredential(kept.actor, { ...kept, credentialExpiresAt: kept.expiresAt });
    const at = kept.at ? { epoch: kept.at[0], offset: kept.at[1] } : undefined;
    const session = new RoomSession(kept.id, held, kept.person, place, { at, faults: kept.faults });
    session.openedAt = kept.openedAt;
    session.subscribed = at !== undefined;
    session.member = kept.member;
    session.deflate = kept.deflate;
    session.away = kept.away;
    session.data = kept.data;
    session.behind = kept.behind;
    session.#unread = UnreadBytes.of(kept.unread, UNREAD);
    session.reported = kept.unread.sent;
    place.pace.reportedAt = Math.max(place.pace.reportedAt, kept.reportedAt ?? 0);
    if (kept.recovery) session.#recovery = { n: kept.recovery[0], bytes: kept.recovery[1] };
    return session;
  }
}
