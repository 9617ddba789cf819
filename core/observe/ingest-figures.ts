import type { Rejected } from "../../contract/metric-catalog.ts";
import type { IngestSource } from "../../contract/rpc/metrics.ts";

export const INGEST_FIGURE_LIMITS = {
  /** Pairs of protocol and key; the one that is silent for longest makes room. */
  senders: 100,
  minutes: 60,
  /** Requests over which the lag is judged. */
  lags: 31,
} as const;

const MINUTE_MS = 60_000;
/** A lag that nobody renewed says nothing of now. */
const LAG_MS = 5 * MINUTE_MS;

interface Minute {
  minuteMs: number;
  samples: number;
  requests: number;
  rejected: number;
}

interface Sender {
  readonly source: Pick<IngestSource, "protocol" | "keyId">;
  /** The oldest first. */
  readonly minutes: Minute[];
  readonly lags: { at: number; lagMs: number }[];
}

/** What one request brought. */
export interface IngestNote {
  readonly samples: number;
  readonly rejected: number;
  /** Of its newest sample; undefined when it has none. */
  readonly newestAt: number | undefined;
}

/** What came in lately, by protocol and key, minute by minute. Of this start of the object: figures to look at, not to account by. */
export class IngestFigures {
  /** The one that spoke last is the last. */
  readonly #senders = new Map<string, Sender>();

  note(source: Pick<IngestSource, "protocol" | "keyId">, { samples, rejected, newestAt }: IngestNote, now: number): void {
    const name = `${source.protocol} ${source.keyId}`;
    const sender = this.#senders.get(name) ?? { source: { protocol: source.protocol, keyId: source.keyId }, minutes: [], lags: [] };
    this.#senders.delete(name);
    this.#senders.set(name, sender);
    for (const silent of this.#senders.keys()) {
      if (this.#senders.size <= INGEST_FIGURE_LIMITS.senders) break;
      this.#senders.delete(silent);
    }
    const minuteMs = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    let minute = sender.minutes.at(-1);
    if (minute?.minuteMs !== minuteMs) sender.minutes.push((minute = { minuteMs, samples: 0, requests: 0, rejected: 0 }));
    minute.samples += samples;
    minute.requests += 1;
    minute.rejected += rejected;
    while (sender.minutes.length > INGEST_FIGURE_LIMITS.minutes) sender.minutes.shift();
    if (newestAt === undefined) return;
    sender.lags.push({ at: now, lagMs: Math.max(0, now - newestAt) });
    if (sender.lags.length > INGEST_FIGURE_LIMITS.lags) sender.lags.shift();
  }

  /** Senders of the last hour. */
  list(now: number): Rejected["ingest"] {
    const since = now - INGEST_FIGURE_LIMITS.minutes * MINUTE_MS;
    return [...this.#senders.values()].flatMap(({ source, minutes, lags }) => {
      const recent = minutes.filter(({ minuteMs }) => minuteMs > since).map((minute) => ({ ...minute }));
      return recent.length === 0 ? [] : [{ ...source, minutes: recent, lagMs: medianLag(lags, now) }];
    });
  }
}

function medianLag(lags: Sender["lags"], now: number): number | null {
  const recent = lags.filter(({ at }) => at > now - LAG_MS).map(({ lagMs }) => lagMs);
  return recent.sort((a, b) => a - b)[recent.length >> 1] ?? null;
}

const HEADER_BYTES = 32;

/** Time of the newest sample of an encoded batch (`contract/metric-batch.ts`), without decoding the rest; undefined without samples. */
export function newestOfBatch(batch: Uint8Array): number | undefined {
  if (batch.length < HEADER_BYTES) return undefined;
  const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
  const count = view.getUint32(4, true);
  const first = HEADER_BYTES + 8 * count;
  if (count === 0 || first + 4 * count > batch.length) return undefined;
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) newest = Math.max(newest, view.getInt32(first + 4 * i, true));
  return view.getFloat64(16, true) + newest;
}
