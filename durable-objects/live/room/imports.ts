import { sha256Hex } from "../../../contract/base64.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import type { RoomImportReply } from "../../../contract/rooms.ts";
import type { RoomDesk } from "../../../core/live/rooms/desk.ts";
import { ImportLines } from "../../../core/live/rooms/import-lines.ts";
import { LogWriter } from "../../../core/live/rooms/log-writer.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import type { SqlRoom } from "./sql-room.ts";
import type { ImportState, SqlTasks } from "./sql-tasks.ts";
import { IMPORT_KNOWN_MS, SLICE_ROWS, type Upkeep } from "./upkeep.ts";

export interface ImportDeps {
  readonly kit: ObjectKit;
  readonly store: SqlRoom;
  readonly tasks: SqlTasks;
  readonly desk: RoomDesk;
  readonly upkeep: Upkeep;
  /** Tells sockets and inboxes, after the transaction. */
  readonly tell: (events: readonly RoomEvent[]) => void;
  /** Lets others have their turn. */
  readonly turn: () => Promise<void>;
}

/** Refused lines that the answer names. */
const NAMED_FAULTS = 20;

/**
 * History from elsewhere, in slices, each a transaction with how far it came: sent again after a crash, an import goes on where it was.
 * Every line is looked at before the first is stored.
 */
export class Imports {
  readonly #deps: ImportDeps;
  /** Imports that run, by id. */
  readonly #running = new Set<string>();

  constructor(deps: ImportDeps) {
    this.#deps = deps;
  }

  async run(lines: Uint8Array, batch: string): Promise<Outcome<RoomImportReply>> {
    if (lines.byteLength > L.importBytes)
      return refuse("payload-too-large", `An import has at most ${L.importBytes} bytes. Send it in parts.`);
    const { kit, tasks } = this.#deps;
    const digest = await sha256Hex(lines);
    const known = tasks.findImport(batch, kit.now() - IMPORT_KNOWN_MS);
    if (known && known.digest !== digest)
      return refuse("idempotency-mismatch", "This batchId belongs to another import. Use a new one for other lines.");
    if (known?.done) return accept(replyOf(known));
    if (this.#running.has(batch))
      return refuse("in-progress", "The import with this batchId is still running. Ask again in a second.", { retryAfterS: 1 });
    this.#running.add(batch);
    try {
      const fault = known ? undefined : await this.#check(lines);
      return fault ?? (await this.#slices(lines, known ?? { batch, digest, at: kit.now(), done: false, lines: 0, from: 0, to: 0 }));
    } finally {
      this.#running.delete(batch);
    }
  }

  async #check(lines: Uint8Array): Promise<Outcome<never> | undefined> {
    const { kit, store, turn } = this.#deps;
    const reader = new ImportLines(lines, kit.now());
    const errors: { pointer: string; detail: string }[] = [];
    let count = 0;
    for (let read = reader.read(); read && errors.length < NAMED_FAULTS; read = reader.read()) {
      count += 1;
      if (!read.ok) errors.push({ pointer: `/${read.line}${read.pointer}`, detail: read.detail });
      else if (read.value.mediaId !== null && !store.media(read.value.mediaId))
        errors.push({ pointer: `/${read.line}/mediaId`, detail: "is no file of this room" });
      if (count % SLICE_ROWS === 0) await turn();
    }
    if (errors.length > 0) return refuse("invalid-body", "Nothing was stored: mend these lines and send all of them again.", { errors });
    return count === 0 ? refuse("invalid-body", "Send one message a line.") : undefined;
  }

  async #slices(lines: Uint8Array, begun: ImportState): Promise<Outcome<RoomImportReply>> {
    const { kit, store, tell, turn } = this.#deps;
    const reader = new ImportLines(lines, Number.POSITIVE_INFINITY); // it was looked at already
    for (let n = 0; n < begun.lines; n++) reader.read();
    for (let state = begun; ;) {
      if (store.head()?.state !== "live") return refuse("not-found", "There is no such room any more.");
      const held = state;
      const done = kit.transaction(() => this.#slice(reader, held));
      tell(done.events);
      state = done.state;
      if (state.done) return accept(replyOf(state));
      await turn();
      kit.failpoint("importing");
    }
  }

  #slice(reader: ImportLines, held: ImportState): { state: ImportState; events: readonly RoomEvent[] } {
    const { kit, store, desk, tasks, upkeep } = this.#deps;
    const head = store.head();
    if (!head) throw new Error("a room that is gone takes no import");
    const log = new LogWriter(store, head, kit.now());
    let isDone = false;
    for (let n = 0; n < SLICE_ROWS && !isDone; n++) {
      const read = reader.read();
      if (read?.ok) desk.messages.import(read.value, log);
      isDone = read === undefined;
    }
    const { events } = log;
    const lines = held.lines + events.length;
    const from = held.from === 0 ? (events[0]?.offset ?? 0) : held.from;
    const state: ImportState = { ...held, lines, from, to: events.at(-1)?.offset ?? held.to, done: isDone };
    tasks.putImport(state);
    upkeep.sweepAt(state.at + IMPORT_KNOWN_MS);
    if (isDone)
      upkeep.lookNow(kit.now()); // some of it may be too old already
    else upkeep.look(kit.now());
    desk.end(log);
    return { state, events };
  }
}

function replyOf({ batch, lines, from, to }: ImportState): RoomImportReply {
  return { batchId: batch, imported: lines, fromOffset: from, toOffset: to };
}
