import { type BatchView, decodeBatch, encodeBatch } from "../../contract/metric-batch.ts";
import { ROLLUP_STEPS_MS } from "../../contract/metric-limits.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { RowPacker } from "./block-rows.ts";
import { writeHours } from "./dirty-windows.ts";
import { oldestRaw } from "./oldest-raw.ts";
import { PointBuffer } from "./points.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { ROLLING, RollupWriter } from "./rolling.ts";
import { type Shard, UNREADABLE } from "./shard.ts";
import { type KeptMs, TierReader } from "./tier-reader.ts";
import { floorTo, hoursOf, nextWindow, risingOfSlot, sumRaw } from "./window-sums.ts";

const MINUTE_MS = ROLLUP_STEPS_MS.minute;
const HOUR_MS = ROLLUP_STEPS_MS.hour;

/**
 * Stores a batch of history in one transaction. Points of the raw tier are stored as any others. Older ones are packed at once, and their
 * windows made from them, in place of those that were there. The packed points are kept for some hours (`SWEEP.importHeldMs`), so that a
 * window whose samples come in two requests is summed from both, and the same request twice comes to the same.
 */
export function importPoints(shard: Shard, batch: Uint8Array, id: string, now: number, kept: KeptMs): Outcome<ShardIngestReply> {
  const view = decodeBatch(batch);
  if (!view) return UNREADABLE;
  return shard.deps.transaction(() => {
    const admitted = shard.admit(view, now);
    if (!admitted.ok) return admitted;
    const { reply, refs } = admitted.value;
    if (reply.accepted === 0) return accept(reply);
    const boundary = settleBoundary(shard, now, kept);
    const old = pointsBefore(view, refs, boundary);
    if (old.size > 0) writeHistory(shard, old, now);
    const recent = pointsFrom(view, refs, boundary, shard.state.dictionary);
    if (recent) {
      // An id of its own: the request may come again to bring what was refused or has been deleted since.
      const [stored] = shard.commit([{ batch: recent, id: `${id}/${shard.seq}` }], now);
      if (stored && !stored.ok) return stored;
    }
    return accept(reply);
  });
}

/** Before this, history goes into rollups: the raw tier begins here, or what no rollup holds yet. */
function settleBoundary(shard: Shard, now: number, kept: KeptMs): number {
  const tier = Math.ceil((now - kept.raw) / HOUR_MS) * HOUR_MS;
  const { rolledMinute } = shard.state;
  if (rolledMinute >= tier) return tier;
  // Rollups may claim the time for which there are no raw points: a shard that is new, or was silent.
  const boundary = Math.max(rolledMinute, Math.min(tier, floorTo(oldestRaw(shard, rolledMinute), HOUR_MS)));
  if (boundary > rolledMinute) {
    // Without any minutes yet there are no hours to be made of them either: those of the history are made along with its minutes.
    const hours = shard.rollups.minute.rows === 0 ? Math.min(boundary, floorTo(now - ROLLING.hourLagMs, HOUR_MS)) : 0;
    shard.saveState({ rolledMinute: boundary, rolledHour: Math.max(shard.state.rolledHour, hours) });
    shard.late.rolledTo = Math.max(shard.late.rolledTo, boundary);
  }
  return boundary;
}

/** Points before the boundary by reference, sorted; of points with the same time the last counts. */
function pointsBefore({ count, baseMs, offsetsMs, valueBits }: BatchView, refs: Uint32Array, boundary: number): Map<number, PointBuffer> {
  const points = new Map<number, PointBuffer>();
  for (let i = 0; i < count; i++) {
    const at = baseMs + (offsetsMs[i] ?? 0);
    const ref = refs[i] ?? 0;
    if (ref === 0 || at >= boundary) continue;
    let own = points.get(ref);
    if (!own) points.set(ref, (own = new PointBuffer(64)));
    own.push(at, valueBits[2 * i] ?? 0, valueBits[2 * i + 1] ?? 0);
  }
  for (const own of points.values()) own.normalise();
  return new Map([...points].sort(([a], [b]) => a - b));
}

/** A batch of the other points, by reference; undefined when there are none. */
function pointsFrom(view: BatchView, refs: Uint32Array, boundary: number, dictionary: number): Uint8Array | undefined {
  const { count, baseMs, offsetsMs, valueBits } = view;
  const atMs = new Float64Array(count);
  const bits = new Uint32Array(2 * count);
  const series = new Uint32Array(count);
  let taken = 0;
  for (let i = 0; i < count; i++) {
    const at = baseMs + (offsetsMs[i] ?? 0);
    const ref = refs[i] ?? 0;
    if (ref === 0 || at < boundary) continue;
    atMs[taken] = at;
    bits[2 * taken] = valueBits[2 * i] ?? 0;
    bits[2 * taken + 1] = valueBits[2 * i + 1] ?? 0;
    series[taken++] = ref;
  }
  return taken === 0 ? undefined : encodeBatch({ count: taken, dictionary, atMs, valueBits: bits, series, definitions: [] });
}

function writeHistory(shard: Shard, old: ReadonlyMap<number, PointBuffer>, now: number): void {
  const { store } = shard.deps;
  const seq = shard.nextSeq();
  const seal = shard.takeNumber();
  // No write-ahead row has these points: 0 lets a restart read every row that it would read without them.
  const packer = new RowPacker(({ directory, body, ...packed }) => {
    const row = { ...packed, seal, through: 0 };
    shard.blocks.add({ ...row, id: store.insertBlock(row, directory, body), bytes: body.length });
  });
  for (const [ref, points] of old) {
    packer.add(ref, points);
    const slot = shard.series.slotOf(ref);
    if (slot === undefined) continue;
    shard.late.noteImported(slot, points.columns.at[points.count - 1] ?? 0);
    shard.late.noteChange(slot, seq);
  }
  packer.finish();

  const reader = TierReader.forUpkeep(shard, now);
  const minutes = new RollupWriter(shard, "minute");
  const changed: { ref: number; slot: number; hours: Set<number> }[] = [];
  for (const [ref, points] of old) {
    const slot = shard.series.slotOf(ref);
    if (slot === undefined) continue;
    const windows = windowsOf(shard, reader, slot, points);
    if (windows.count === 0) continue;
    minutes.add(ref, windows);
    changed.push({ ref, slot, hours: hoursOf(windows) });
  }
  minutes.finish();
  writeHours(shard, reader, changed);
  shard.saveState({ late: seq, importedAt: now });
}

/** The windows that hold one of these points, as all raw points have them now, and the one after them. */
function windowsOf(shard: Shard, reader: TierReader, slot: number, points: PointBuffer): RollupBuffer {
  const { at } = points.columns;
  const touched = new Set<number>();
  for (let i = 0; i < points.count; i++) touched.add(floorTo(at[i] ?? 0, MINUTE_MS));
  const from = floorTo(at[0] ?? 0, MINUTE_MS);
  const to = floorTo(at[points.count - 1] ?? 0, MINUTE_MS) + MINUTE_MS;
  const rising = risingOfSlot(shard, slot);
  const summed = new RollupBuffer();
  sumRaw(shard, reader, slot, from, to, rising, summed);
  const windows = onlyTouched(summed, touched);
  const next = rising === "no" || rising === "delta" ? undefined : nextWindow(reader, slot, to, shard.state.rolledMinute);
  if (next === undefined) return windows;
  // Its increase begins at our last sample. Summed anew only when none of its points has been deleted since it was made.
  const after = new RollupBuffer(1);
  sumRaw(shard, reader, slot, next, next + MINUTE_MS, rising, after);
  const old = reader.rollups(slot, "minute", next, next + MINUTE_MS);
  if (old.count === 1 && old.samples[0] === after.samples[0]) windows.append(after, 0, after.count);
  return windows;
}

/** Those between, that other points have left, stay as they are. */
function onlyTouched(summed: RollupBuffer, touched: ReadonlySet<number>): RollupBuffer {
  const { at, count } = summed;
  if (at.subarray(0, count).every((begins) => touched.has(begins))) return summed;
  const windows = new RollupBuffer(count + 1);
  for (let i = 0; i < count; i++) if (touched.has(at[i] ?? 0)) windows.append(summed, i, i + 1);
  return windows;
}
