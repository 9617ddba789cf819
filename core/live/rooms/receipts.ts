import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { ReceiptPut } from "../../../contract/rooms.ts";
import type { ReceiptSteps, RoomStore, StoredMember } from "./store.ts";

type Progress = Pick<StoredMember, "deliveredOffset" | "readOffset" | "readOrdinal" | "delivered" | "read" | "seenAt">;

interface Held {
  readonly progress: Progress;
  /** Epoch milliseconds; when its row was written last. */
  readonly storedAt: number;
  readonly isDirty: boolean;
}

/** So many members' progress is held; beyond it what is stored is let go. */
const HELD_MEMBERS = 2_048;

/**
 * How far members have come: in memory first, in their row at most once each five seconds. A crash loses what was not stored yet:
 * clients say theirs again when they come back.
 */
export class Receipts {
  readonly #store: RoomStore;
  readonly #held = new Map<string, Held>();
  #dirty = 0;

  constructor(store: RoomStore) {
    this.#store = store;
  }

  /** Forgets what rows say; what is in memory only stays. */
  reset(): void {
    for (const [subject, { isDirty }] of this.#held) if (!isDirty) this.#held.delete(subject);
  }

  /** Everything, of a room that is no more. */
  clear(): void {
    this.#held.clear();
    this.#dirty = 0;
  }

  get isDirty(): boolean {
    return this.#dirty > 0;
  }

  /** A member's row with what is only in memory yet. */
  over(member: StoredMember): StoredMember {
    const held = this.#held.get(member.subject);
    return held ? { ...member, ...held.progress } : member;
  }

  /**
   * Moves a member's offsets up; the higher wins. What was read was delivered.
   * @param newest offset of the log's newest event
   * @param ordinal of the newest message that was read, where it is known
   * @returns the member as it is then, undefined when nothing moved
   */
  note(
    member: StoredMember,
    { deliveredOffset, readOffset }: ReceiptPut,
    newest: number,
    now: number,
    ordinal?: number,
  ): StoredMember | undefined {
    const before = this.over(member);
    const read = Math.max(before.readOffset, readOffset ?? 0);
    const delivered = Math.max(before.deliveredOffset, deliveredOffset ?? 0, read);
    const hasRead = read > before.readOffset;
    if (!hasRead && delivered <= before.deliveredOffset) return undefined;
    const moved: Progress = {
      deliveredOffset: delivered,
      readOffset: read,
      readOrdinal: hasRead ? (ordinal ?? this.#store.ordinalAt(read)) : before.readOrdinal,
      delivered: delivered > before.deliveredOffset ? step(before.delivered, delivered, newest, now) : before.delivered,
      read: hasRead ? step(before.read, read, newest, now) : before.read,
      seenAt: before.seenAt,
    };
    this.#hold(member.subject, moved);
    return { ...member, ...moved };
  }

  seen(member: StoredMember, at: number): void {
    const before = this.over(member);
    if (at <= (before.seenAt ?? 0)) return;
    const { deliveredOffset, readOffset, readOrdinal, delivered, read } = before;
    this.#hold(member.subject, { deliveredOffset, readOffset, readOrdinal, delivered, read, seenAt: at });
  }

  /** Writes what is only in memory, each member's row at most once in five seconds. */
  storeDue(now: number): void {
    for (const [subject, held] of this.#held) {
      if (!held.isDirty || now - held.storedAt < L.receiptStoreMs) continue;
      const member = this.#store.member(subject);
      if (member) {
        this.#store.putMember({ ...member, ...held.progress });
        if (held.progress.readOffset > member.readOffset) this.#store.dropMentions(subject, held.progress.readOffset);
      }
      this.stored(subject, now);
    }
  }

  /** That a member's row was written with everything. */
  stored(subject: string, now: number): void {
    const held = this.#held.get(subject);
    if (!held) return;
    if (held.isDirty) this.#dirty -= 1;
    this.#held.set(subject, { ...held, storedAt: now, isDirty: false });
  }

  /** What was in memory of somebody who begins anew. */
  forget(subject: string): void {
    if (this.#held.get(subject)?.isDirty) this.#dirty -= 1;
    this.#held.delete(subject);
  }

  #hold(subject: string, progress: Progress): void {
    const held = this.#held.get(subject);
    if (!held && this.#held.size >= HELD_MEMBERS) this.reset();
    if (!held?.isDirty) this.#dirty += 1;
    this.#held.set(subject, { progress, storedAt: held?.storedAt ?? Number.NEGATIVE_INFINITY, isDirty: true });
  }
}

/** Adds when an offset was passed; steps that say nothing of the newest offsets go. */
function step(steps: ReceiptSteps, offset: number, newest: number, now: number): ReceiptSteps {
  const from = newest - L.traceOffsets;
  return [...steps.filter(([passed]) => passed > from).slice(1 - L.traceOffsets), [offset, now]];
}

/** When a cumulative offset passed this one: null when it did before the steps begin, or has not yet. */
export function passedAt(steps: ReceiptSteps, offset: number, newest: number): number | null {
  if (offset <= newest - L.traceOffsets) return null;
  return steps.find(([passed]) => passed >= offset)?.[1] ?? null;
}
