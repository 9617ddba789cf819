import type { MetricMetadata } from "../../contract/metric-extras.ts";

const LIMITS = {
  /** Said again after this time, for a shard that began anew. */
  againMs: 10 * 60_000,
  metrics: 10_000,
} as const;

/** Metadata that one tenant's shards were told lately: senders repeat it every minute. */
export class SentMetadata {
  readonly #sent = new Map<string, { readonly text: string; readonly at: number }>();
  #chars = 0;

  /** Memory that this takes, about. */
  get bytes(): number {
    return 2 * this.#chars;
  }

  isDue(metadata: MetricMetadata, nowMs: number): boolean {
    const sent = this.#sent.get(metadata.metric);
    return !sent || sent.text !== textOf(metadata) || sent.at + LIMITS.againMs <= nowMs || sent.at > nowMs;
  }

  note(metadata: MetricMetadata, nowMs: number): void {
    if (this.#sent.size >= LIMITS.metrics && !this.#sent.has(metadata.metric)) {
      this.#sent.clear(); // saying all of it again is cheaper than keeping an order
      this.#chars = 0;
    }
    const before = this.#sent.get(metadata.metric);
    const text = textOf(metadata);
    this.#chars += text.length - (before ? before.text.length : -metadata.metric.length);
    this.#sent.set(metadata.metric, { text, at: nowMs });
  }
}

function textOf({ type, unit, help }: MetricMetadata): string {
  return `${type} ${unit} ${help}`;
}
