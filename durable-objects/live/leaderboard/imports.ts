import { LEADERBOARD_LIMITS as L } from "../../../contract/leaderboard-limits.ts";
import { setsPerScore } from "../../../contract/leaderboards.ts";
import type { ImportReply } from "../../../contract/leaderboard-scores.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { ImportReader, type ReadLine } from "../../../core/live/leaderboard/import-reader.ts";
import type { BoardParts } from "./parts.ts";
import type { ImportState, SqlBatches } from "./sql-batches.ts";
import type { SubmitDesk } from "./submit.ts";
import type { SweepDesk } from "./sweep.ts";

/** Refused lines that the answer names. */
const NAMED_ERRORS = 20;

/**
 * History, line by line and in slices, each a transaction with how far it came: sent again after a crash, an import goes on where it
 * was. Between slices others have their turn.
 */
export class ImportDesk {
  readonly #parts: BoardParts;
  readonly #batches: SqlBatches;
  readonly #submit: SubmitDesk;
  readonly #sweep: SweepDesk;
  /** Imports that run, by sender and id. */
  readonly #running = new Set<string>();
  readonly #turn: () => Promise<void>;

  /** @param turn lets others run */
  constructor(parts: BoardParts, batches: SqlBatches, submit: SubmitDesk, sweep: SweepDesk, turn: () => Promise<void>) {
    this.#parts = parts;
    this.#batches = batches;
    this.#submit = submit;
    this.#sweep = sweep;
    this.#turn = turn;
  }

  async run(lines: Uint8Array, batchId: string, actor: string): Promise<Outcome<ImportReply>> {
    if (lines.byteLength > L.importBytes)
      return refuse("payload-too-large", `An import has at most ${L.importBytes} bytes. Send it in parts.`);
    const known = this.#batches.findImport(actor, batchId, this.#parts.kit.now());
    if (known && known.bytes !== lines.byteLength)
      return refuse("idempotency-mismatch", "This batchId belongs to another import. Use a new one for other lines.");
    if (known?.done) return accept(replyOf(known, true));
    const flight = JSON.stringify([actor, batchId]);
    if (this.#running.has(flight))
      return refuse("in-progress", "The import with this batchId is still running. Ask again in a second.", { retryAfterS: 1 });
    this.#running.add(flight);
    try {
      return await this.#slices(
        new ImportReader(lines, known?.line ?? 0),
        known ?? { ...NOTHING, bytes: lines.byteLength },
        batchId,
        actor,
      );
    } finally {
      this.#running.delete(flight);
    }
  }

  async #slices(reader: ImportReader, begun: ImportState, batchId: string, actor: string): Promise<Outcome<ImportReply>> {
    const { book, kit } = this.#parts;
    for (let state = begun; ;) {
      if (book.definition()?.state !== "live") return refuse("not-found", "There is no such board any more.");
      const held = state;
      state = kit.transaction(() => {
        const next = this.#slice(reader, held, kit.now());
        this.#batches.putImport(actor, batchId, next, kit.now());
        this.#sweep.expect(kit.now());
        return next;
      });
      if (state.done) return accept(replyOf(state, false));
      await this.#turn();
      kit.failpoint("importing");
    }
  }

  #slice(reader: ImportReader, held: ImportState, now: number): ImportState {
    let { imported, refused } = held;
    const errors = [...held.errors];
    const lines = Math.max(1, Math.floor(L.sliceRows / setsPerScore(this.#parts.book.config())));
    let read: ReadLine | undefined;
    for (let n = 0; n < lines && (read = reader.read()); n++) {
      const fault = this.#take(read, now);
      if (fault === undefined) imported += 1;
      else {
        refused += 1;
        if (errors.length < NAMED_ERRORS) errors.push({ line: read.line, detail: fault });
      }
    }
    // One more slice than there are lines, when they are a multiple: it ends the import.
    return { ...held, line: reader.line, done: read === undefined, imported, refused, errors };
  }

  /** @returns why the line was refused */
  #take(line: ReadLine, now: number): string | undefined {
    if (!line.ok) return line.detail;
    const taken = this.#submit.take(line.score, "service", "import", now);
    return taken.ok ? undefined : taken.problem.detail;
  }
}

const NOTHING = { line: 0, done: false, imported: 0, refused: 0, errors: [] };

function replyOf({ imported, refused, errors }: ImportState, duplicate: boolean): ImportReply {
  return { duplicate, imported, refused, errors };
}
