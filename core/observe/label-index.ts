import { TEMPORALITY_LABEL } from "../../contract/metric-limits.ts";
import type { ReadyMatcher } from "./label-matchers.ts";
import { KeptLists } from "./kept-lists.ts";
import { countOf, countWithin, Posting, type Slots } from "./posting.ts";
import type { SeriesTable, SeriesWatcher } from "./series-table.ts";

/** The label under which a metric's name is found, as in Prometheus. */
export const METRIC_LABEL = "__name__";

/** What no answer shows as a label. */
export const HIDDEN_LABELS: ReadonlySet<string> = new Set([METRIC_LABEL, TEMPORALITY_LABEL]);

/** Reading a series' labels costs about as much as asking so many values. */
const SERIES_COST = 4;

interface Name {
  values: Map<string, Slots>;
  /** Whether the values lie in the order of their texts. */
  inOrder: boolean;
  /** Series that have the label. */
  series: number;
}

/** What a question is about: all series of a metric, or these slots. */
export type Within = string | readonly number[];

/** A text and how many series have it. */
export interface Counted {
  readonly value: string;
  readonly series: number;
}

/**
 * Finds series by their labels: for each `label=value` the slots that have it, in rising order. Nothing is held until the first question;
 * from then on the index follows the table. Four bytes for a label of a series, and every distinct text once.
 */
export class LabelIndex implements SeriesWatcher {
  readonly #table: SeriesTable;
  #names: Map<string, Name> | undefined;
  /** Lists that are as they were made until a series comes or goes. */
  readonly lists = new KeptLists();

  constructor(table: SeriesTable) {
    this.#table = table;
    table.watcher = this;
  }

  /** Whether a question has made it yet. */
  get built(): boolean {
    return this.#names !== undefined;
  }

  /** Slots of the series that match, in rising order. */
  match(metric: string | undefined, matchers: readonly ReadyMatcher[]): number[] {
    return this.slotsOf(this.select(metric, matchers));
  }

  /** The same, and the metric where no matcher leaves out any of its series: then there is nothing to mark and to count. */
  select(metric: string | undefined, matchers: readonly ReadyMatcher[]): Within {
    const names = this.#all();
    const wanted: Slots[][] = [];
    const unwanted: Slots[][] = [];
    let fewest = this.#table.size;
    if (metric !== undefined) {
      const found = names.get(METRIC_LABEL)?.values.get(metric);
      if (found === undefined) return [];
      wanted.push([found]);
      fewest = countOf(found);
    }
    const asked: ReadyMatcher[] = [];
    // Those that name a value come first: they may leave so few series that a pattern is asked of these and not of every value.
    for (const matcher of [...matchers].sort((a, b) => Number(!a.exact) - Number(!b.exact))) {
      const { label, exact, test } = matcher;
      const values = names.get(label)?.values;
      if (!exact && values && SERIES_COST * fewest < values.size) {
        asked.push(matcher);
        continue;
      }
      // Series without the label stand for the empty value: when that passes, only the values that do not are looked at.
      const emptyPasses = test("");
      const deciding = values ? [...deciders(values, exact, (value) => test(value) !== emptyPasses)] : [];
      if (emptyPasses) {
        if (deciding.length > 0) unwanted.push(deciding);
        continue;
      }
      if (deciding.length === 0) return [];
      wanted.push(deciding);
      fewest = Math.min(fewest, total(deciding));
    }
    if (metric !== undefined && wanted.length === 1 && unwanted.length === 0 && asked.length === 0) return metric;
    wanted.sort((a, b) => total(a) - total(b));
    const found = collect(wanted, unwanted, this.#table);
    return asked.length === 0 ? found : found.filter((slot) => passes(this.#table.keyOf(slot) ?? "[]", asked));
  }

  /** In rising order. */
  slotsOf(within: Within): number[] {
    if (typeof within !== "string") return [...within];
    const slots = this.#all().get(METRIC_LABEL)?.values.get(within);
    return slots === undefined ? [] : typeof slots === "number" ? [slots] : [...slots.view()];
  }

  /** Puts the values of a label into the order of their texts, in which {@link values} then gives them. Costs little where most are. */
  order(label: string): void {
    const name = this.#all().get(label);
    if (!name || name.inOrder) return;
    name.values = new Map([...name.values].sort(([a], [b]) => (a < b ? -1 : 1)));
    name.inOrder = true;
  }

  /** Names of labels with the number of series that have them, and of their values; those that no answer shows are left out. */
  *labels(within?: Within): Generator<Counted & { values: number }> {
    const marks = within && this.#marked(within);
    for (const [value, name] of this.#all()) {
      if (HIDDEN_LABELS.has(value)) continue;
      if (!marks) {
        yield { value, series: name.series, values: name.values.size };
        continue;
      }
      let series = 0;
      let values = 0;
      for (const slots of name.values.values()) {
        const count = countWithin(slots, marks, 1);
        series += count;
        if (count > 0) values++;
      }
      if (series > 0) yield { value, series, values };
    }
  }

  /** Values of a label with the number of series that have them. */
  *values(label: string, within?: Within): Generator<Counted> {
    const values = this.#all().get(label)?.values;
    if (!values) return;
    const marks = within && this.#marked(within);
    for (const [value, slots] of values) {
      const series = marks ? countWithin(slots, marks, 1) : countOf(slots);
      if (series > 0) yield { value, series };
    }
  }

  /** Series of a metric; 0 when there is none of this name. */
  seriesOf(metric: string): number {
    const slots = this.#all().get(METRIC_LABEL)?.values.get(metric);
    return slots === undefined ? 0 : countOf(slots);
  }

  added(slot: number, key: string): void {
    this.lists.clear();
    if (this.#names) this.#add(this.#names, slot, key);
  }

  removed(slot: number, key: string): void {
    this.lists.clear();
    if (!this.#names) return;
    for (const [label, value] of pairsOf(key)) {
      const name = this.#names.get(label);
      const slots = name?.values.get(value);
      if (!name || slots === undefined) continue;
      name.series--;
      if (typeof slots !== "number") slots.remove(slot);
      if (typeof slots !== "number" && slots.count > 0) continue;
      name.values.delete(value);
      if (name.values.size === 0) this.#names.delete(label);
    }
  }

  #marked(within: Within): Uint8Array {
    const marks = new Uint8Array(this.#table.slots);
    const slots = typeof within === "string" ? this.#all().get(METRIC_LABEL)?.values.get(within) : within;
    if (typeof slots === "number") marks[slots] = 1;
    else if (slots !== undefined) {
      const list = "view" in slots ? slots.view() : slots;
      // Counted: the first question after a start runs through this before it is compiled.
      for (let i = 0; i < list.length; i++) marks[list[i] ?? 0] = 1;
    }
    return marks;
  }

  #all(): Map<string, Name> {
    if (this.#names) return this.#names;
    const names = new Map<string, Name>();
    // By slot and not by age, so that every list grows at its end.
    for (let slot = 0; slot < this.#table.slots; slot++) {
      const key = this.#table.keyOf(slot);
      if (key !== undefined) this.#add(names, slot, key);
    }
    return (this.#names = names);
  }

  #add(names: Map<string, Name>, slot: number, key: string): void {
    for (const [label, value] of pairsOf(key)) {
      let name = names.get(label);
      if (!name) names.set(label, (name = { values: new Map(), inOrder: true, series: 0 }));
      name.series++;
      const slots = name.values.get(value);
      if (slots === undefined) {
        name.values.set(value, slot);
        name.inOrder = name.values.size === 1;
      } else if (typeof slots === "number") name.values.set(value, new Posting(slots, slot));
      else slots.add(slot);
    }
  }
}

/** The metric's name and the labels of a series' canonical key, without the object that they would make. */
function* pairsOf(key: string): Generator<readonly [label: string, value: string]> {
  const parts = JSON.parse(key) as string[]; // keys in the table were read as such when they came
  yield [METRIC_LABEL, parts[0] ?? ""];
  for (let at = 1; at < parts.length; at += 2) yield [parts[at] ?? "", parts[at + 1] ?? ""];
}

/** Whether a series passes all matchers, by its own labels. */
function passes(key: string, matchers: readonly ReadyMatcher[]): boolean {
  const labels = new Map(pairsOf(key));
  return matchers.every(({ label, test }) => test(labels.get(label) ?? ""));
}

/** Slots of the values that decide. */
function* deciders(values: ReadonlyMap<string, Slots>, exact: string | undefined, decides: (value: string) => boolean): Generator<Slots> {
  if (exact) {
    const slots = values.get(exact);
    if (slots !== undefined) yield slots;
    return;
  }
  for (const [value, slots] of values) if (decides(value)) yield slots;
}

function total(lists: readonly Slots[]): number {
  return lists.reduce((sum: number, slots) => sum + countOf(slots), 0);
}

/** Slots in all of the wanted sets and in none of the unwanted ones. The lists of one set share no slot. */
function collect(wanted: readonly Slots[][], unwanted: readonly Slots[][], table: SeriesTable): number[] {
  const passed = new Uint8Array(table.slots);
  const dead = wanted.length + 1;
  for (const [round, lists] of wanted.entries()) each(lists, (slot) => void (passed[slot] === round && (passed[slot] = round + 1)));
  for (const lists of unwanted) each(lists, (slot) => void (passed[slot] = dead));
  const found: number[] = [];
  const take = (slot: number): void => void (passed[slot] === wanted.length && found.push(slot));
  const [smallest] = wanted;
  if (smallest) each(smallest, take);
  else for (const slot of table.liveSlots()) take(slot);
  return smallest?.length === 1 ? found : found.sort((a, b) => a - b);
}

function each(lists: readonly Slots[], visit: (slot: number) => void): void {
  for (const slots of lists) {
    if (typeof slots === "number") visit(slots);
    else for (const slot of slots.view()) visit(slot);
  }
}
