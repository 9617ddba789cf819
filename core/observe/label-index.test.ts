import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seriesKey } from "../../contract/metric-key.ts";
import { METRIC_LIMITS, TEMPORALITY_LABEL } from "../../contract/metric-limits.ts";
import { type Matcher, MATCHER_OPS } from "../../contract/metric-query.ts";
import type { Outcome } from "../../contract/problems.ts";
import { type PackedLines, rankLines, unpackLines } from "../../contract/ranked-lines.ts";
import { type CatalogParts, listLabels, listValues } from "./catalog-lists.ts";
import { LabelIndex, METRIC_LABEL } from "./label-index.ts";
import { matchSlots, readyMatchers } from "./label-matchers.ts";
import { SeriesTable } from "./series-table.ts";

type Labels = Record<string, string>;

class Model {
  readonly table = new SeriesTable();
  readonly index = new LabelIndex(this.table);
  #ref = 1;

  add(metric: string, labels: Labels): void {
    const key = seriesKey(metric, labels);
    if (this.table.slotOfKey(key) === undefined) this.table.add(this.#ref++, key, metric);
  }

  find(metric: string | undefined, matchers: readonly Matcher[]): number[] {
    const ready = readyMatchers(matchers);
    if (!ready.ok) throw new Error("a matcher that is none");
    return this.index.match(metric, ready.value);
  }

  /** Every series asked one after the other, with the engine's own regular expressions. */
  naive(metric: string | undefined, matchers: readonly Matcher[]): number[] {
    return [...this.table.liveSlots()]
      .filter((slot) => {
        const identity = this.table.identityOf(slot);
        if (metric !== undefined && identity.metric !== metric) return false;
        return matchers.every(({ label, op, value }) => {
          const own =
            label === METRIC_LABEL ? identity.metric : Object.hasOwn(identity.labels, label) ? (identity.labels[label] ?? "") : "";
          if (op === "=") return own === value;
          if (op === "!=") return own !== value;
          return new RegExp(`^(?:${value})$`, "s").test(own) === (op === "=~");
        });
      })
      .sort((a, b) => a - b);
  }

  listed(within?: readonly number[]): Map<string, Map<string, number>> {
    const labels = new Map<string, Map<string, number>>();
    for (const slot of within ?? this.table.liveSlots()) {
      for (const [name, value] of Object.entries(this.table.identityOf(slot).labels)) {
        let values = labels.get(name);
        if (!values) labels.set(name, (values = new Map()));
        values.set(value, (values.get(value) ?? 0) + 1);
      }
    }
    return labels;
  }
}

const metric = fc.constantFrom("up", "cpu", "disk");
const label = fc.constantFrom("host", "job", "constructor", "device");
const value = fc.constantFrom("a", "b", "ab", "web-1", "web-2", "toString", "x\ny");
const labels = fc.dictionary(label, value, { maxKeys: 4 });
const matcher: fc.Arbitrary<Matcher> = fc.record({
  label: fc.oneof({ weight: 6, arbitrary: label }, { weight: 1, arbitrary: fc.constantFrom(METRIC_LABEL, "absent") }),
  op: fc.constantFrom(...MATCHER_OPS),
  value: fc.oneof(value, fc.constantFrom("", "a|b", "web-.*", ".*", ".+", "a?", "up|cpu", "x.y", "a|", "(a|b)+")),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), metric, labels }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), nth: fc.nat(30) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      metric: fc.option(metric, { nil: undefined }),
      matchers: fc.array(matcher, { maxLength: 3 }),
    }),
  },
);

describe("the label index", () => {
  it("[MT280] finds what asking every series one after the other finds, for all four operators, while series come and go", () => {
    let asked = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const model = new Model();
        for (const one of steps) {
          if (one.do === "add") model.add(one.metric, one.labels);
          else if (one.do === "remove") {
            const live = [...model.table.liveSlots()];
            const slot = live[one.nth % Math.max(1, live.length)];
            if (slot !== undefined) model.table.remove(slot);
          } else {
            // A pattern of ours that JavaScript reads otherwise than RE2 would be a wrong oracle: `$` before a line's end is not among them.
            const found = model.find(one.metric, one.matchers);
            expect(found).toEqual(model.naive(one.metric, one.matchers));
            asked += found.length;
          }
        }
      }),
      { seed: 280, numRuns: 400 },
    );
    expect(asked).toBeGreaterThan(500);
  });

  it("[MT280] finds the same whether a pattern is asked of the values or of the few series that other matchers leave", () => {
    const model = new Model();
    for (let i = 0; i < 300; i++) model.add(`m${i % 100}`, i % 7 === 0 ? {} : { pod: `pod-${i}`, half: String(i % 2) });
    for (const value of ["pod-1.*", "pod-.*|", ".+", "pod-7|pod-107", "(pod-2.*)?"]) {
      for (const op of ["=~", "!~"] as const) {
        for (const name of [undefined, "m7", "m8"]) {
          const matchers: Matcher[] = [
            { label: "pod", op, value },
            { label: "half", op: "=", value: "1" },
          ];
          expect(model.find(name, matchers)).toEqual(model.naive(name, matchers));
          expect(model.find(name, matchers.slice(0, 1))).toEqual(model.naive(name, matchers.slice(0, 1)));
        }
      }
    }
  });

  it("[MT281] counts labels and values, over all series and over those that match", () => {
    let seen = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(metric, labels), { maxLength: 40 }), fc.array(matcher, { maxLength: 2 }), (made, matchers) => {
        const model = new Model();
        for (const [name, own] of made) model.add(name, own);
        for (const within of [undefined, model.find(undefined, matchers)]) {
          const expected = model.listed(within);
          const found = new Map([...model.index.labels(within)].map((line) => [line.value, line]));
          expect(new Set(found.keys())).toEqual(new Set(expected.keys()));
          for (const [name, values] of expected) {
            const series = [...values.values()].reduce((sum, count) => sum + count, 0);
            expect(found.get(name)).toEqual({ value: name, series, values: values.size });
            expect(new Map([...model.index.values(name, within)].map((line) => [line.value, line.series]))).toEqual(values);
            seen++;
          }
        }
      }),
      { seed: 281, numRuns: 200 },
    );
    expect(seen).toBeGreaterThan(200);
  });

  it("[MT282] holds nothing until the first question, and follows the table from then on", () => {
    const model = new Model();
    model.add("up", { host: "a" });
    expect(model.index.built).toBe(false);
    expect(model.find("up", [])).toEqual([0]);
    expect(model.index.built).toBe(true);
    model.add("up", { host: "b" });
    model.table.remove(0);
    expect(model.find("up", [])).toEqual([1]);
    expect([...model.index.values("host")]).toEqual([{ value: "b", series: 1 }]);
  });

  it("[MT402] lists are those of the series that there are, while series come and go, for a metric, for matchers that leave out none, and for some", () => {
    let whole = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), label, (steps, name) => {
        const model = new Model();
        const parts = { labels: model.index, series: model.table } as unknown as CatalogParts; // what lists of texts ask for
        for (const one of steps) {
          if (one.do === "add") model.add(one.metric, one.labels);
          else if (one.do === "remove") {
            const slot = [...model.table.liveSlots()][one.nth];
            if (slot !== undefined) model.table.remove(slot);
          } else {
            const ask = { ...(one.metric !== undefined && { metric: one.metric }), matchers: one.matchers, limit: 100 };
            const expected = model.listed(model.naive(one.metric, one.matchers));
            const read = (list: Outcome<PackedLines>) => (list.ok ? unpackLines(list.value) : []);
            const values = [...(expected.get(name) ?? [])].map(([text, series]) => ({ value: text, series }));
            const byText = values.toSorted((a, b) => (a.value < b.value ? -1 : 1));
            // Twice: the second may be one that was kept.
            for (const _ of [1, 2]) {
              expect(read(listValues({ ...ask, label: name, unranked: true }, parts))).toEqual(byText);
              expect(read(listValues({ ...ask, label: name }, parts))).toEqual(rankLines(values, undefined, 100).items);
              expect(new Set(read(listLabels(ask, parts)).map(({ value: text }) => text))).toEqual(new Set(expected.keys()));
            }
            whole += model.index.lists.size;
          }
        }
      }),
      { seed: 402, numRuns: 300 },
    );
    expect(whole).toBeGreaterThan(100);
  });

  it("[MT283] leaves the temporality out of labels, and matches by it", () => {
    const model = new Model();
    model.add("requests", { [TEMPORALITY_LABEL]: "delta", host: "a" });
    model.add("requests", { host: "b" });
    expect([...model.index.labels()].map((line) => line.value)).toEqual(["host"]);
    expect(model.find("requests", [{ label: TEMPORALITY_LABEL, op: "=", value: "delta" }])).toEqual([0]);
  });

  it("[MT284] refuses what RE2 does not take and what is too long, by its place", () => {
    const ask = (text: string) =>
      readyMatchers(
        [
          { label: "job", op: "=", value: "x" },
          { label: "host", op: "=~", value: text },
        ],
        "/selections/0/matchers",
      );
    for (const bad of ["(", "(?=a)", "a{1001}", "a".repeat(METRIC_LIMITS.regexChars + 1)]) {
      const refused = ask(bad);
      expect(refused).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/selections/0/matchers/1/value" }] } });
    }
    expect(ask("a".repeat(METRIC_LIMITS.regexChars)).ok).toBe(true);
  });

  it("[MT284] refuses repeats that make a program out of a few characters, by its place", () => {
    for (const value of [".{0,1000}".repeat(5), "(?:[a-f]{0,30}x){0,30}"]) {
      const refused = readyMatchers([{ label: "host", op: "=~", value }]);
      expect(refused).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/matchers/0/value" }] } });
    }
    for (const value of [".{0,300}x", "a?".repeat(400)]) expect(readyMatchers([{ label: "host", op: "=~", value }]).ok).toBe(true);
  });

  it("[MT284] refuses expressions that would be asked of too many characters, in whatever place of the list", () => {
    const model = new Model();
    for (let i = 0; i < 1_200; i++) model.add("wide", { v: `${"a".repeat(1_000)}${i}`, few: String(i % 400) });
    const slow: Matcher = { label: "v", op: "!~", value: "b(?:.a?){100}" };
    const pointer = "/matchers";
    expect(matchSlots(model.index, "wide", [slow]).ok).toBe(true);
    expect(matchSlots(model.index, "wide", [slow, slow])).toMatchObject({ ok: false, problem: { errors: [{ pointer }] } });
    expect(matchSlots(model.index, "wide", [slow, slow], "?match")).toMatchObject({ ok: false, problem: { slug: "invalid-parameter" } });
    const few: Matcher = { label: "few", op: "=", value: "1" };
    expect(matchSlots(model.index, "wide", [slow, slow, few]).ok).toBe(true);
  });

  it("[MT284] takes linear time for a pattern that makes others explode", () => {
    const ready = readyMatchers([{ label: "host", op: "=~", value: "(a+)+(b|c.)+$" }]);
    expect(ready.ok && ready.value[0]?.test(`${"a".repeat(1_000)}!`)).toBe(false);
  });
});
