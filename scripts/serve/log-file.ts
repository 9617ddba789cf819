import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export interface LogFileOptions {
  readonly path: string;
  /** Bytes after which a file is put aside (20 MB). */
  readonly maxBytes?: number;
  /** Milliseconds after which it is put aside, counted from its first line (a day). */
  readonly maxAgeMs?: number;
  /** Files put aside that are kept (14); older ones go. */
  readonly keep?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Told once when lines cannot be written, and once when they can again; not into the log. */
  readonly complain?: (sentence: string) => void;
  /** `fs.writeSync`, but for tests of a full disk. */
  readonly writeBytes?: (fd: number, bytes: Buffer, from: number) => number;
}

export interface LogFile {
  write(line: string): void;
  /** Waits for files that are being compressed. */
  close(): Promise<void>;
}

/** Bytes of the head line that says when a file began. */
const HEAD_BYTES = 200;

/**
 * A log that is put aside when it is large or old. Each line is written before `write` returns, and putting aside is a rename
 * between two lines, so that neither a rotation nor a kill loses one; only then is the old file compressed. A full disk ends
 * nothing: what could not be written is counted, and said when there is room again.
 */
export function openLogFile(options: LogFileOptions): LogFile {
  const {
    path,
    maxBytes = 20_000_000,
    maxAgeMs = 86_400_000,
    keep = 14,
    now = Date.now,
    complain = () => {},
    writeBytes = writeSync,
  } = options;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let current = openCurrent(path, now(), writeBytes);
  let lost = 0;
  let stuck = false;
  let tidying: Promise<void> = tidy(path, keep);

  const rotate = (at: number): void => {
    const old = current.fd;
    try {
      current = putAside(path, at, writeBytes);
    } catch (error) {
      // The open file takes more lines than it should: better than none.
      if (!stuck) complain(`the log cannot be put aside: ${error instanceof Error ? error.message : String(error)}`);
      stuck = true;
      return;
    }
    stuck = false;
    closeSync(old);
    tidying = tidying.then(async () => await tidy(path, keep));
  };
  const put = (line: string): void => {
    const bytes = Buffer.from(`${current.torn ? "\n" : ""}${line}\n`);
    // A short write happens when the disk is nearly full; the rest then fails, and the next line must not go on behind half a line.
    for (let from = 0; from < bytes.length;) {
      const written = writeBytes(current.fd, bytes, from);
      from += written;
      current.bytes += written;
      current.torn = from < bytes.length;
    }
  };
  return {
    write: (line) => {
      const at = now();
      try {
        if (current.bytes >= maxBytes || at - current.began >= maxAgeMs) rotate(at);
        if (lost > 0) put(JSON.stringify({ at: new Date(at).toISOString(), level: "error", event: "log-lines-lost", lines: lost }));
        put(line);
        if (lost > 0) complain(`the log can be written again; ${lost} lines are lost`);
        lost = 0;
      } catch (error) {
        lost += 1;
        if (lost === 1) complain(`the log cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    close: async () => {
      await tidying;
      closeSync(current.fd);
    },
  };
}

interface Current {
  readonly fd: number;
  bytes: number;
  /** Epoch milliseconds. */
  readonly began: number;
  /** Whether its last line has no end: the disk was full, or its writer was killed. */
  torn: boolean;
}

type WriteBytes = NonNullable<LogFileOptions["writeBytes"]>;

/** Gives the file a name of its time and puts an empty one in its place, which is made first: on a full disk nothing has changed. */
function putAside(path: string, at: number, writeBytes: WriteBytes): Current {
  const next = `${path}.next`;
  rmSync(next, { force: true });
  let opened: Current | undefined;
  try {
    opened = openCurrent(next, at, writeBytes);
    // Somebody may have taken it away: then there is nothing to put aside.
    if (existsSync(path)) renameSync(path, freeName(path, at));
    renameSync(next, path);
    return opened;
  } catch (error) {
    if (opened) closeSync(opened.fd);
    rmSync(next, { force: true });
    throw error;
  }
}

/** Opens the file for more lines. A new one begins with a line that says when, so that its age outlives a restart. */
function openCurrent(path: string, now: number, writeBytes: WriteBytes): Current {
  const fd = openSync(path, "a+", 0o600);
  try {
    const { size } = fstatSync(fd);
    if (size > 0) return { fd, bytes: size, began: beganOf(fd) ?? now, torn: !endsLine(fd, size) };
    const head = Buffer.from(`${JSON.stringify({ at: new Date(now).toISOString(), level: "info", event: "log-begins" })}\n`);
    for (let from = 0; from < head.length;) from += writeBytes(fd, head, from);
    return { fd, bytes: head.length, began: now, torn: false };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function endsLine(fd: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}

function beganOf(fd: number): number | undefined {
  const buffer = Buffer.alloc(HEAD_BYTES);
  const line = buffer.toString("utf8", 0, readSync(fd, buffer, 0, HEAD_BYTES, 0)).split("\n", 1)[0] ?? "";
  const at = Date.parse(/"at":"([^"]+)"/.exec(line)?.[1] ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/** `meridian-2026-11-20T10-00-00.000Z.log`; names sort by age. */
function freeName(path: string, at: number): string {
  const stem = path.replace(/\.log$/, "");
  const plain = `${stem}-${new Date(at).toISOString().replaceAll(":", "-")}`;
  let name = `${plain}.log`;
  for (let n = 2; existsSync(name) || existsSync(`${name}.gz`); n++) name = `${plain}-${n}.log`;
  return name;
}

/** Compresses what was put aside, then removes what is too many. A kill in between leaves a `.partial`, and the file it was made of. */
async function tidy(path: string, keep: number): Promise<void> {
  try {
    const folder = dirname(path);
    const stem = `${basename(path).replace(/\.log$/, "")}-`;
    const aside = (): string[] =>
      readdirSync(folder)
        .filter((name) => name.startsWith(stem) && /\.log(?:\.gz)?(?:\.partial)?$/.test(name))
        .sort();
    for (const name of aside()) {
      if (name.endsWith(".partial")) rmSync(join(folder, name), { force: true });
      else if (name.endsWith(".log")) await compress(join(folder, name));
    }
    const kept = aside();
    for (const name of kept.slice(0, Math.max(0, kept.length - keep))) rmSync(join(folder, name), { force: true });
  } catch {
    // A full disk, mostly: the files stay as they are, and the next rotation comes by here again.
  }
}

async function compress(file: string): Promise<void> {
  const partial = `${file}.gz.partial`;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(partial, { mode: 0o600, flush: true }));
  renameSync(partial, `${file}.gz`);
  rmSync(file, { force: true });
}
