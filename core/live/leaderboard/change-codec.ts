import { ByteReader, ByteWriter } from "./change-bytes.ts";
import type { SetChange, SortKey } from "./ranked-sets.ts";

// Changes of one transaction, packed for the row of the log that belongs to it. One score enters several rankings, mostly with the same
// keys: what equals the change before takes a bit instead of its bytes.

const VERSION = 1;
const BEFORE = 1;
const AFTER = 2;
const SAME_PLAYER = 4;
const SAME_BEFORE = 8;
const SAME_AFTER = 16;

type Numbers = Pick<SortKey, "inv" | "sub" | "at">;

/** Changes as bytes: a version, then per change its flags, its set, its player and the numbers of both keys. */
export function packChanges(changes: readonly SetChange[]): Uint8Array {
  const out = new ByteWriter();
  out.byte(VERSION);
  let last: SetChange | undefined;
  for (const change of changes) {
    const { set, before, after } = change;
    const player = playerOf(change);
    const samePlayer = last !== undefined && playerOf(last) === player;
    const sameBefore = before !== null && last?.before !== undefined && sameNumbers(before, last.before);
    const sameAfter = after !== null && last?.after !== undefined && sameNumbers(after, last.after);
    out.byte(
      (before ? BEFORE : 0) |
        (after ? AFTER : 0) |
        (samePlayer ? SAME_PLAYER : 0) |
        (sameBefore ? SAME_BEFORE : 0) |
        (sameAfter ? SAME_AFTER : 0),
    );
    out.number(set);
    if (!samePlayer) out.text(player);
    if (before && !sameBefore) writeNumbers(out, before);
    if (after && !sameAfter) writeNumbers(out, after);
    last = change;
  }
  return out.done();
}

/**
 * The reverse of {@link packChanges}.
 * @throws when the bytes are cut short or of another version: counts that miss a change must not be served
 */
export function unpackChanges(bytes: Uint8Array): SetChange[] {
  const input = new ByteReader(bytes);
  const version = input.byte();
  if (version !== VERSION) throw new Error(`changes of version ${version}`);
  const changes: SetChange[] = [];
  let last: SetChange | undefined;
  while (!input.atEnd()) {
    const flags = input.byte();
    const set = input.number();
    const player = flags & SAME_PLAYER ? (last ? playerOf(last) : broken()) : input.text();
    const before = flags & BEFORE ? readKey(input, player, flags & SAME_BEFORE ? (last?.before ?? null) : undefined) : null;
    const after = flags & AFTER ? readKey(input, player, flags & SAME_AFTER ? (last?.after ?? null) : undefined) : null;
    last = { set, before, after };
    changes.push(last);
  }
  return changes;
}

function playerOf({ before, after }: SetChange): string {
  return (after ?? before)?.player ?? broken();
}

function sameNumbers(a: Numbers, b: Numbers | null): boolean {
  return b !== null && Object.is(a.inv, b.inv) && Object.is(a.sub, b.sub) && Object.is(a.at, b.at);
}

function writeNumbers(out: ByteWriter, { inv, sub, at }: Numbers): void {
  out.number(inv);
  out.number(sub);
  out.number(at);
}

/** @param same the key whose numbers are repeated; null says that there was none, which no writer does */
function readKey(input: ByteReader, player: string, same: SortKey | null | undefined): SortKey {
  if (same === null) broken();
  if (same !== undefined) return { inv: same.inv, sub: same.sub, at: same.at, player };
  return { inv: input.number(), sub: input.number(), at: input.number(), player };
}

function broken(): never {
  throw new Error("changes that no writer makes");
}
