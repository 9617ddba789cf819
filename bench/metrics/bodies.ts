import type { Values } from "../../core/observe/workload-testing.ts";

/** What every request of the benchmark holds: 1,000 samples of 1,000 series with four labels, about 155 KB of JSON. */
export const SAMPLES = 1_000;

const MARK_ID = "i".repeat(16);
const MARK_AT = 1_000_000_000_000;

/** A body whose batch id and times are written over before every send, so that no two requests are equal. */
export class Body {
  readonly bytes: Buffer;
  readonly #id: number;
  readonly #times: readonly number[];

  /** @param agent its host names differ from other agents' */
  constructor(agent: number, values: Values) {
    const samples = Array.from({ length: SAMPLES }, (_, i) => ({
      metric: `host_metric_${i % 40}_bytes_total`,
      labels: { host: `web-${agent}`, device: `nvme${i % 7}n1`, region: "eu-central-1", mount: `/var/lib/${Math.floor(i / 40)}` },
      timestamp: MARK_AT,
      value: valueOf(i, values),
    }));
    this.bytes = Buffer.from(JSON.stringify({ batchId: MARK_ID, samples }));
    this.#id = this.bytes.indexOf(MARK_ID);
    this.#times = positionsOf(this.bytes, `"timestamp":${MARK_AT}`).map((at) => at + '"timestamp":'.length);
  }

  /** Writes another batch id and another time into the body. */
  stamp(sequence: number, atMs: number): Buffer {
    this.bytes.write(String(sequence).padStart(16, "0"), this.#id, "latin1");
    const text = String(atMs);
    for (const position of this.#times) this.bytes.write(text, position, "latin1");
    return this.bytes;
  }
}

/** A third counters, a third figures with four decimals, a third doubles of full length; or full length only. */
function valueOf(i: number, values: Values): number {
  if (values === "noise") return Math.random();
  return [1_000_000 + i * 977, Math.round(Math.random() * 1e6) / 1e4, Math.random()][i % 3] ?? 0;
}

function positionsOf(bytes: Buffer, text: string): number[] {
  const positions: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) positions.push(at);
  return positions;
}
