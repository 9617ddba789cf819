import type { Cardinality } from "../../contract/metric-catalog.ts";
import type { Counted, LabelIndex } from "./label-index.ts";
import { METRIC_LABEL } from "./label-index.ts";

/** What takes how many series: metrics, labels and their values, the most first. @param most lines of each */
export function cardinalityOf(labels: LabelIndex, most: number): Pick<Cardinality, "metrics" | "labels" | "pairs"> {
  const names = [...labels.labels()].sort((a, b) => b.values - a.values || b.series - a.series || (a.value < b.value ? -1 : 1));
  const pairs = new Largest(most);
  for (const { value: name } of names) {
    for (const { value, series } of labels.values(name)) pairs.offer(series, () => `${name}=${value}`);
  }
  const metrics = new Largest(most);
  for (const { value, series } of labels.values(METRIC_LABEL)) metrics.offer(series, () => value);
  return {
    metrics: metrics.list(),
    labels: names.slice(0, most).map(({ value, values, series }) => ({ name: value, values, series })),
    pairs: pairs.list(),
  };
}

/** Keeps the largest of what is offered, without holding the rest. */
class Largest {
  readonly #most: number;
  #lines: Counted[] = [];
  #least = 0;

  constructor(most: number) {
    this.#most = most;
  }

  offer(series: number, name: () => string): void {
    if (series <= this.#least) return;
    this.#lines.push({ value: name(), series });
    if (this.#lines.length >= 4 * this.#most) this.#shorten();
  }

  list(): { name: string; series: number }[] {
    this.#shorten();
    return this.#lines.map(({ value, series }) => ({ name: value, series }));
  }

  #shorten(): void {
    this.#lines = this.#lines.sort((a, b) => b.series - a.series || (a.value < b.value ? -1 : 1)).slice(0, this.#most);
    if (this.#lines.length === this.#most) this.#least = this.#lines.at(-1)?.series ?? 0;
  }
}
