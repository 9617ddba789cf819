import { STALE_BITS } from "../../contract/metric-limits.ts";
import type { HostPush } from "../../contract/rpc/metrics.ts";
import type { SeriesTable } from "./series-table.ts";

/** Points of one host kept for its next publication; a host that sends more is shown the newest of each series only. */
const MAX_POINTS = 10_000;

interface Change {
  readonly at: number;
  readonly value: number | null;
}

const words = new Uint32Array(2);
const value = new Float64Array(words.buffer);

/** A stored value as JSON has it: the stale marker and anything that is no number is null. */
export function valueOfBits(low: number, high: number): number | null {
  if (high === STALE_BITS.high && low === STALE_BITS.low) return null;
  words[0] = low;
  words[1] = high;
  const number = value[0] ?? 0;
  return Number.isFinite(number) ? number : null;
}

/** What changed since the last publications: which hosts, and the points of hosts that somebody looks at. */
export class LiveChanges {
  readonly #hosts = new Set<string>();
  readonly #points = new Map<string, Map<number, Change[]>>();
  readonly #counts = new Map<string, number>();

  /** @param watched whether somebody follows this host's own topic */
  note(host: string, watched: boolean, slot: number, at: number, low: number, high: number): void {
    this.#hosts.add(host);
    if (!watched) return;
    let slots = this.#points.get(host);
    if (!slots) this.#points.set(host, (slots = new Map()));
    let changes = slots.get(slot);
    if (!changes) slots.set(slot, (changes = []));
    const count = this.#counts.get(host) ?? 0;
    if (count >= MAX_POINTS) changes.length = 0;
    else this.#counts.set(host, count + 1);
    changes.push({ at, value: valueOfBits(low, high) });
  }

  get empty(): boolean {
    return this.#hosts.size === 0;
  }

  hosts(): Iterable<string> {
    return this.#hosts;
  }

  /** The points of one host, for its topic; undefined when none changed. */
  pushOf(host: string, series: SeriesTable): HostPush | undefined {
    const slots = this.#points.get(host);
    if (!slots) return undefined;
    const changed = [...slots].flatMap(([slot, changes]) => {
      if (series.keyOf(slot) === undefined) return []; // forgotten since
      const points = changes.toSorted((a, b) => a.at - b.at).map(({ at, value }) => [at, value] as const);
      return [{ ...series.identityOf(slot), points }];
    });
    return { host, series: changed };
  }

  clear(): void {
    this.#hosts.clear();
    this.#points.clear();
    this.#counts.clear();
  }
}
