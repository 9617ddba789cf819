import { roomPrefix } from "../../../contract/room-files.ts";
import { belongs } from "../../../core/live/rooms/rights.ts";
import type { RoomHead, StoredMember } from "../../../core/live/rooms/store.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import { quoted, type SnapshotTable, snapshotTables } from "../../kit/snapshot-tables.ts";
import type { SqlRoom } from "./sql-room.ts";
import { SLICE_ROWS } from "./upkeep.ts";

/** Named so in the shell. */
export const REMOVAL_TIMER = "removal";

/** Members that are told in one slice. */
const MEMBERS = 100;
/** Keys of one listing of the archive; the platform gives and takes so many. */
const BUCKET_KEYS = 1_000;

export interface RemovalDeps {
  readonly kit: ObjectKit;
  readonly bucket: R2Bucket;
  readonly store: SqlRoom;
  /** Every timer of the room's but the removal's own. */
  readonly timers: readonly string[];
  /** Tells the inboxes of members. */
  readonly dismiss: (members: readonly StoredMember[], head: RoomHead) => Promise<void>;
  /** Forgets what memory holds of rows. */
  readonly forget: () => void;
}

/**
 * Removes a room: its members' inboxes are told, then go rows of every table in slices, its files, and the room itself. From the first
 * call on there is no such room for anybody. Goes on after a crash, because the last thing to go is what says that it is being removed.
 */
export class Removal {
  readonly #deps: RemovalDeps;

  constructor(deps: RemovalDeps) {
    this.#deps = deps;
  }

  /** Inside the object's transaction. */
  begin(now: number): void {
    const { kit, store } = this.#deps;
    const head = store.head();
    if (!head) return;
    store.putHead({ ...head, state: "removing" });
    this.#clearTimers();
    kit.timers.set(REMOVAL_TIMER, now);
  }

  /** The timer: one slice. */
  async tick(now: number): Promise<void> {
    const { kit, store, forget, dismiss } = this.#deps;
    const head = store.head();
    if (head?.state !== "removing") return;
    const members = store.members({ after: "", limit: MEMBERS, everybody: true });
    if (members.length > 0) {
      // While it is known who they are: a list of conversations must not go on naming a room that is gone.
      await dismiss(
        members.filter(({ state }) => belongs(state)),
        head,
      );
      return kit.transaction(() => {
        for (const { subject } of members) store.people.drop(subject);
        kit.timers.set(REMOVAL_TIMER, now);
      });
    }
    const rowsLeft = kit.transaction(() => this.#removeRows());
    forget();
    if (rowsLeft || (await this.#removeFiles())) return kit.timers.set(REMOVAL_TIMER, now);
    kit.transaction(() => {
      this.#clearTimers(); // again: an import or a sealing that ran when the removal began may have set one
      store.own.close();
    });
    forget();
  }

  #clearTimers(): void {
    const { kit, timers } = this.#deps;
    for (const name of timers) kit.timers.clear(name);
  }

  /** @returns whether rows may be left */
  #removeRows(): boolean {
    const { sql } = this.#deps.kit;
    let room = SLICE_ROWS;
    for (const table of snapshotTables(sql).filter(isOurs)) {
      const keys = table.keys.map(({ name }) => quoted(name)).join(", ");
      const name = quoted(table.name);
      room -= sql.exec(`DELETE FROM ${name} WHERE (${keys}) IN (SELECT ${keys} FROM ${name} LIMIT ?) RETURNING 1`, room).toArray().length;
      if (room <= 0) return true;
    }
    return false;
  }

  /** @returns whether there may be more */
  async #removeFiles(): Promise<boolean> {
    const { kit, bucket } = this.#deps;
    const { tenantId, name } = kit.address;
    const { objects, truncated } = await bucket.list({ prefix: roomPrefix(tenantId, name), limit: BUCKET_KEYS });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    return truncated;
  }
}

/**
 * Every table but the room's own row, which goes last, and those of the kit. Of the kit's the answers to repetitions go too: one of the
 * room that was must not be given by the next one of its name.
 */
function isOurs({ name }: SnapshotTable): boolean {
  return name !== "room" && (!name.startsWith("kit_") || name === "kit_record");
}
