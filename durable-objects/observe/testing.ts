import { encodeBatch, DEFINED } from "../../contract/metric-batch.ts";
import { type Labels, seriesKey } from "../../contract/metric-key.ts";
import { STALE_BITS } from "../../contract/metric-limits.ts";

/** A sample as tests write it. */
export interface TestSample {
  readonly metric: string;
  readonly labels?: Labels;
  readonly at: number;
  readonly value: number | null;
}

/** A batch that names every series in full. */
export function batchOf(samples: readonly TestSample[]): Uint8Array<ArrayBuffer> {
  const keys = samples.map(({ metric, labels }) => seriesKey(metric, labels));
  const definitions = [...new Set(keys)];
  const values = new Float64Array(samples.map(({ value }) => value ?? 0));
  const valueBits = new Uint32Array(values.buffer);
  for (const [i, { value }] of samples.entries()) if (value === null) valueBits.set([STALE_BITS.low, STALE_BITS.high], 2 * i);
  return encodeBatch({
    count: samples.length,
    dictionary: 0,
    atMs: new Float64Array(samples.map(({ at }) => at)),
    valueBits,
    series: new Uint32Array(keys.map((key) => DEFINED + definitions.indexOf(key))),
    definitions,
  });
}
