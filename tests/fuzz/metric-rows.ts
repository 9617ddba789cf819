import fc from "fast-check";
import { ROLLUP_STEPS_MS } from "../../contract/metric-limits.ts";
import { ByteReader, ByteWriter, CorruptBlock } from "../../core/observe/bits.ts";
import { MAX_BLOCK_POINTS, readBlock, writeBlock } from "../../core/observe/block-codec.ts";
import { readDirectory } from "../../core/observe/block-rows.ts";
import { unpackDefinitions } from "../../core/observe/dictionary-rows.ts";
import { decodeCommit } from "../../core/observe/log-rows.ts";
import { PointBuffer } from "../../core/observe/points.ts";
import { unpackRefNumbers } from "../../core/observe/ref-numbers.ts";
import { RollupBuffer } from "../../core/observe/rollup-buffer.ts";
import { MAX_ROLLUP_WINDOWS, readRollups, writeRollups } from "../../core/observe/rollup-codec.ts";
import { sumPoints } from "../../core/observe/rollup-sums.ts";

const STEP = ROLLUP_STEPS_MS.minute;

/** Every reader of bytes in a shard's rows, and the most that it may make of them. */
const READERS: readonly ((bytes: Uint8Array) => void)[] = [
  (bytes) => {
    const points = new PointBuffer();
    readBlock(new ByteReader(bytes), points);
    if (points.count > MAX_BLOCK_POINTS) throw new Error(`${points.count} points of ${bytes.length} bytes`);
  },
  (bytes) => {
    const windows = new RollupBuffer();
    readRollups(new ByteReader(bytes), STEP, windows);
    if (windows.count > MAX_ROLLUP_WINDOWS) throw new Error(`${windows.count} windows of ${bytes.length} bytes`);
  },
  (bytes) => void [...readDirectory(bytes)],
  (bytes) => void unpackDefinitions(bytes),
  (bytes) => void unpackRefNumbers(bytes),
  (bytes) => void decodeCommit(bytes),
];

/**
 * Fuzzes what reads a shard's rows: whatever bytes they are, a reader says that they are none of ours or makes a bounded number of things.
 * @throws with the seed and the smallest input that breaks the promise
 */
export function fuzz(seed: number, runs: number): { read: number; refused: number } {
  const seen = { read: 0, refused: 0 };
  const blocks = fc.constantFrom(...examples());
  const bent = fc
    .tuple(blocks, fc.array(fc.tuple(fc.nat(4_096), fc.nat(255)), { minLength: 1, maxLength: 8 }), fc.nat(4_096))
    .map(([block, changes, cut]) => {
      const bytes = block.slice(0, cut % 4 === 0 ? cut % block.length : block.length);
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), bent), (bytes) => {
      for (const read of READERS) {
        try {
          read(bytes);
          seen.read++;
        } catch (error) {
          if (!(error instanceof CorruptBlock)) throw error;
          seen.refused++;
        }
      }
    }),
    { seed, numRuns: runs },
  );
  return seen;
}

/** Blocks of a counter that began anew, of noise, and of a constant, as points and as windows. */
function examples(): Uint8Array[] {
  const values = [(i: number) => (i * 7) % 900, (i: number) => Math.sin(i) * 1e6, () => 5];
  return values.flatMap((value) => {
    const points = new PointBuffer();
    const number = new Float64Array(1);
    const bits = new Uint32Array(number.buffer);
    for (let i = 0; i < 200; i++) {
      number[0] = value(i);
      points.push(1_700_000_000_000 + i * 15_000, bits[0] ?? 0, bits[1] ?? 0);
    }
    const windows = new RollupBuffer();
    sumPoints(points.columns, 0, points.count, { stepMs: STEP, rising: "total", before: Number.NaN }, windows);
    const [block, rollups] = [new ByteWriter(), new ByteWriter()];
    writeBlock(block, points.columns, 0, points.count);
    writeRollups(rollups, windows.columns, 0, windows.count, STEP);
    return [block.view().slice(), rollups.view().slice()];
  });
}
