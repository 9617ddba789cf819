import { snappyCompress } from "./snappy.ts";

/** Label pairs sorted by name, with `__name__`, as the specification asks. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** Headers of every remote-write 1.0 request. */
export const REMOTE_WRITE_HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
  "user-agent": "meridian-bench",
} as const;

/**
 * A series whose labels are encoded once. Writes `WriteRequest`s of remote-write 1.0
 * (https://prometheus.io/docs/specs/prw/remote_write_spec/): `timeseries = 1 { labels = 1 { name = 1, value = 2 }, samples = 2 { value = 1, timestamp = 2 } }`.
 */
export class WireSeries {
  readonly labels: Uint8Array;

  constructor(labels: Labels) {
    const encoder = new TextEncoder();
    const bytes: number[] = [];
    for (const [name, value] of labels) {
      const [nameBytes, valueBytes] = [encoder.encode(name), encoder.encode(value)];
      const inner = [0x0a, ...varint(nameBytes.length), ...nameBytes, 0x12, ...varint(valueBytes.length), ...valueBytes];
      bytes.push(0x0a, ...varint(inner.length), ...inner);
    }
    this.labels = Uint8Array.from(bytes);
  }
}

export interface WireSample {
  readonly series: WireSeries;
  readonly value: number;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/** One request's body, compressed. Samples of one series need not stand together; each becomes a TimeSeries of one sample. */
export function encodeWriteRequest(samples: readonly WireSample[]): Uint8Array<ArrayBuffer> {
  const size = samples.reduce((sum, { series }) => sum + series.labels.length + 32, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (value: number): void => {
    for (; value > 127; value = Math.floor(value / 128)) bytes[at++] = (value % 128) | 128;
    bytes[at++] = value;
  };
  for (const { series, value, atMs } of samples) {
    const sampleLength = 9 + 1 + varint(atMs).length;
    bytes[at++] = 0x0a;
    put(series.labels.length + 2 + sampleLength);
    bytes.set(series.labels, at);
    at += series.labels.length;
    bytes[at++] = 0x12;
    bytes[at++] = sampleLength; // at most 20: one byte
    bytes[at++] = 0x09;
    view.setFloat64(at, value, true);
    at += 8;
    bytes[at++] = 0x10;
    put(atMs);
  }
  return snappyCompress(bytes.subarray(0, at));
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return bytes;
}
