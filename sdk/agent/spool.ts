import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Batch } from "./batch.ts";
import { batchOf, encodeRecord, findRecord, HEADER_BYTES, type RecordAt } from "./spool-record.ts";

export interface SpoolOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** Bytes of batches that are held in memory while the disk refuses them. */
  readonly memoryBytes?: number;
}

interface Segment {
  readonly file: string;
  bytes: number;
  batches: number;
}

/** Where the oldest unsent batch begins, over restarts. Losing it costs only a repeat, which the server recognises by batch id. */
const CURSOR = "cursor.json";
const SEGMENT = /^segment-\d{12}\.spool$/;

/**
 * Batches on disk while the server is away: oldest first out, and when full the oldest go. Appending is one `write`; a kill at any byte leaves at
 * most one torn record at the end of a file, which the next run steps over. No fsync: what is at stake after a power cut is seconds of metrics.
 * Calls are synchronous: at a few kilobytes a round a thread pool costs more than it saves.
 */
export class Spool {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #memoryBytes: number;
  #segments: Segment[] = [];
  #nextSeq = 1;
  #writable = false;
  /** The oldest segment's content, once it is being read; newer records may have been appended to the file since. */
  #head: { readonly file: string; readonly bytes: Buffer; record: RecordAt | undefined } | undefined;
  /** How far the oldest segment was sent. */
  #cursor: { readonly file: string; readonly next: number } | undefined;
  /** What {@link peek} answered last, while it is still the oldest. */
  #peeked: Batch | undefined;
  #memory: Batch[] = [];
  #dropped = 0;
  #writeError: string | undefined;

  constructor(options: SpoolOptions) {
    this.#folder = options.folder;
    this.#maxBytes = options.maxBytes;
    this.#memoryBytes = options.memoryBytes ?? 1 << 20;
    // Dropping takes a whole segment: a sixteenth keeps at least 15/16 of what was promised.
    this.#segmentBytes = Math.max(4_096, Math.min(1 << 20, Math.floor(options.maxBytes / 16)));
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#open();
  }

  get batches(): number {
    return this.#memory.length + this.#segments.reduce((sum, segment) => sum + segment.batches, 0);
  }

  /** Bytes held, sent batches of a half-read segment included. */
  get bytes(): number {
    return this.#memory.reduce((sum, batch) => sum + batch.body.length, 0) + this.#diskBytes();
  }

  /** Batches dropped because the spool was full or could not be read, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why the disk refuses batches; undefined while it takes them. */
  get writeError(): string | undefined {
    return this.#writeError;
  }

  append(batch: Batch): void {
    const waiting = [...this.#memory, batch];
    this.#memory = [];
    while (waiting.length > 0 && this.#write(waiting[0] as Batch)) waiting.shift(); // the length was just checked
    this.#memory = waiting;
    let held = waiting.reduce((sum, { body }) => sum + body.length, 0);
    while (held > this.#memoryBytes && this.#memory.length > 1) {
      held -= this.#memory.shift()?.body.length ?? 0;
      this.#dropped++;
    }
  }

  /** The oldest batch, or undefined when there is none. It stays until {@link shift}. */
  peek(): Batch | undefined {
    for (let segment = this.#segments[0]; segment !== undefined; segment = this.#segments[0]) {
      if (this.#head?.file !== segment.file || this.#isSpent(segment)) this.#readHead(segment);
      if (this.#head?.record !== undefined) return (this.#peeked ??= batchOf(this.#head.bytes, this.#head.record));
      this.#dropSegment(false);
    }
    return this.#memory[0];
  }

  /**
   * Lets the oldest batch go: it was sent, refused for good, or is too old.
   * @param batch what {@link peek} answered; when it has been dropped meanwhile to make room, nothing happens
   */
  shift(batch: Batch): void {
    const segment = this.#segments[0];
    const head = this.#head;
    if (segment === undefined && this.#memory[0] === batch) this.#memory.shift();
    if (segment === undefined || head?.record === undefined || this.#peeked !== batch) return;
    this.#peeked = undefined;
    segment.batches = Math.max(0, segment.batches - 1);
    this.#cursor = { file: segment.file, next: head.record.end };
    head.record = findRecord(head.bytes, head.record.end);
    if (head.record === undefined && !this.#isSpent(segment)) this.#dropSegment(false);
    else this.#saveCursor();
  }

  #open(): void {
    const files = readdirSync(this.#folder)
      .filter((name) => SEGMENT.test(name))
      .sort();
    this.#cursor = this.#loadCursor();
    for (const file of files) {
      const segment: Segment = { file, bytes: 0, batches: 0 };
      const bytes = this.#read(file);
      if (bytes === undefined) continue;
      segment.bytes = bytes.length;
      const from = this.#sentUpTo(file);
      for (let record = findRecord(bytes, from); record; record = findRecord(bytes, record.end)) segment.batches++;
      if (segment.batches === 0) this.#remove(file);
      else this.#segments.push(segment);
    }
    // Never a name again that the cursor speaks of: batches of a new file would count as sent.
    this.#nextSeq = Math.max(seqOf(files.at(-1)), seqOf(this.#cursor?.file)) + 1;
    // A new run writes into a new file: behind a torn tail nothing is ever appended.
    this.#shrink(0);
  }

  #write(batch: Batch): boolean {
    const record = encodeRecord(batch);
    this.#shrink(record.length);
    let segment = this.#writable ? this.#segments.at(-1) : undefined;
    if (segment === undefined || segment.bytes + record.length > this.#segmentBytes) {
      segment = { file: `segment-${String(this.#nextSeq++).padStart(12, "0")}.spool`, bytes: 0, batches: 0 };
      this.#segments.push(segment);
      this.#writable = true;
    }
    try {
      appendFileSync(join(this.#folder, segment.file), record, { mode: 0o600 });
      segment.bytes += record.length;
      segment.batches++;
      this.#writeError = undefined;
      return true;
    } catch (error) {
      this.#writeError = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      this.#undoPartialWrite(segment);
      return false;
    }
  }

  /** A full disk may have taken half of a record: cut it off, so that a later one stands directly behind its predecessor. */
  #undoPartialWrite(segment: Segment): void {
    try {
      truncateSync(join(this.#folder, segment.file), segment.bytes);
    } catch {
      this.#writable = false; // the file cannot be cut (or never came to be): go on in a new one, readers step over the damage
    }
    if (segment.bytes === 0) {
      this.#segments = this.#segments.filter((one) => one !== segment);
      this.#remove(segment.file);
      this.#writable = false;
    }
  }

  #shrink(incoming: number): void {
    while (this.#segments.length > 0 && this.#diskBytes() + incoming > this.#maxBytes) this.#dropSegment(true);
  }

  #dropSegment(counted: boolean): void {
    const segment = this.#segments.shift();
    if (segment === undefined) return;
    if (counted) this.#dropped += segment.batches;
    if (this.#segments.length === 0) this.#writable = false;
    this.#head = undefined;
    this.#peeked = undefined;
    this.#remove(segment.file);
  }

  #readHead(segment: Segment): void {
    const bytes = this.#read(segment.file);
    if (bytes === undefined) this.#dropped += segment.batches;
    this.#head = { file: segment.file, bytes: bytes ?? Buffer.alloc(0), record: bytes && findRecord(bytes, this.#sentUpTo(segment.file)) };
  }

  /** Whether what was read of the segment is used up while newer records stand in the file. */
  #isSpent(segment: Segment): boolean {
    return this.#head !== undefined && this.#head.record === undefined && segment.bytes >= this.#head.bytes.length + HEADER_BYTES;
  }

  #sentUpTo(file: string): number {
    return this.#cursor?.file === file ? this.#cursor.next : 0;
  }

  #diskBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  #loadCursor(): { file: string; next: number } | undefined {
    try {
      const parsed: unknown = JSON.parse(readFileSync(join(this.#folder, CURSOR), "utf8"));
      if (typeof parsed !== "object" || parsed === null || !("file" in parsed) || !("next" in parsed)) return undefined;
      const { file, next } = parsed;
      if (typeof file !== "string" || seqOf(file) > 1e11) return undefined; // damage; counting on from there would run out of digits
      return typeof next === "number" && Number.isSafeInteger(next) && next >= 0 ? { file, next } : undefined;
    } catch {
      return undefined; // none yet, or torn: batches are sent again and recognised by their id
    }
  }

  #saveCursor(): void {
    try {
      const file = join(this.#folder, CURSOR);
      writeFileSync(`${file}.new`, JSON.stringify(this.#cursor), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch {
      // A full disk: a restart would repeat the batches of one segment, which the server recognises.
    }
  }

  #read(file: string): Buffer | undefined {
    try {
      if (statSync(join(this.#folder, file)).size > 2 * this.#maxBytes) return undefined; // not written by us
      return readFileSync(join(this.#folder, file));
    } catch {
      return undefined; // removed or unreadable: nothing of it can be sent
    }
  }

  #remove(file: string): void {
    try {
      rmSync(join(this.#folder, file), { force: true });
    } catch {
      // A read-only folder: the next run finds the file again, and its batches are repeats or too old.
    }
  }
}

function seqOf(file: string | undefined): number {
  return file !== undefined && SEGMENT.test(file) ? Number(/\d+/.exec(file)?.[0]) : 0;
}
