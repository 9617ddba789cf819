import { encodeBatch, DEFINED } from "../../contract/metric-batch.ts";
import { seriesKey } from "../../contract/metric-key.ts";

/** How values look; it decides what parsing and compression cost. */
export type Values = "mixed" | "noise";

/** Series of one simulated target: what Prometheus adds to a node_exporter's own labels, eleven in all, about 300 characters. */
export function targetSeries(target: number, count: number): { metric: string; labels: Record<string, string> }[] {
  return Array.from({ length: count }, (_, i) => ({
    metric: `node_${FAMILIES[i % FAMILIES.length] ?? ""}_${["bytes_total", "seconds_total", "ratio", "packets_total"][i % 4] ?? ""}`,
    labels: {
      instance: `10.2.${target >> 8}.${target & 255}:9100`,
      job: "integrations/node_exporter",
      host: `web-${target}.fra1.example.net`,
      region: "eu-central-1",
      availability_zone: `eu-central-1${"abc"[target % 3] ?? ""}`,
      environment: "production",
      team: "platform-infrastructure",
      device: `nvme${i % 7}n1p${i % 3}`,
      mountpoint: `/var/lib/volumes/${Math.floor(i / 40)}`,
      fstype: "ext4",
      collector: FAMILIES[i % FAMILIES.length] ?? "",
    },
  }));
}

const FAMILIES = [
  "cpu",
  "disk_io",
  "filesystem",
  "network_receive",
  "network_transmit",
  "memory",
  "vmstat",
  "sockstat",
  "timex",
  "schedstat",
];

/**
 * The value of a series at its n-th point. Mixed: a quarter counters of whole numbers, a quarter counters of seconds with two decimals, a
 * quarter figures with four decimals, a quarter that stands still, as most series of a node_exporter do; noise: doubles of full length.
 */
export function valueAt(series: number, point: number, values: Values): number {
  if (values === "noise") return random(series, point);
  switch (series % 4) {
    case 0:
      return 1_000_000 + series * 977 + point * 1_500 + Math.floor(random(series, point) * 900);
    case 1:
      return Math.round((point * 5 * random(series, 0) + series) * 100) / 100;
    case 2:
      return Math.round(random(series, point) * 10_000) / 10_000;
    default:
      return series * 4_096;
  }
}

/** A number of [0, 1) that depends on both: the finisher of MurmurHash3 over each. */
function random(a: number, b: number): number {
  let h = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  let low = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  low ^= low >>> 12;
  return ((h >>> 0) * 2_097_152 + (low >>> 11)) / 2 ** 53;
}

/** Batches of one target as the edge sends them: in full the first time, then by reference. */
export class TargetBatches {
  readonly keys: readonly string[];
  readonly #first: number;
  readonly #values: Values;
  #refs = new Uint32Array(0);
  #dictionary = 0;

  /** @param first number of its first series, which its values depend on */
  constructor(target: number, count: number, values: Values) {
    this.keys = targetSeries(target, count).map(({ metric, labels }) => seriesKey(metric, labels));
    this.#first = target * count;
    this.#values = values;
  }

  /** What the shard has answered to the first batch. */
  learn(dictionary: number, assigned: readonly number[]): void {
    this.#dictionary = dictionary;
    this.#refs = Uint32Array.from(assigned);
  }

  at(point: number, atMs: number): Uint8Array<ArrayBuffer> {
    const count = this.keys.length;
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = valueAt(this.#first + i, point, this.#values);
    const known = this.#dictionary !== 0;
    return encodeBatch({
      count,
      dictionary: this.#dictionary,
      atMs: new Float64Array(count).fill(atMs),
      valueBits: new Uint32Array(values.buffer),
      series: known ? this.#refs : Uint32Array.from(this.keys, (_, i) => DEFINED + i),
      definitions: known ? [] : this.keys,
    });
  }
}
