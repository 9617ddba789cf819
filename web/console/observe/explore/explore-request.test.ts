import { describe, expect, it } from "vitest";
import { metricQuerySchema, MATCHER_OPS } from "../../../../contract/metric-query.ts";
import { askedOf, bandPossible, curlOf, draftProblems, shifted, shiftOf } from "./explore-request.ts";
import { type ExploreState, FIRST_QUERY, OPS, readExplore } from "./explore-state.ts";
import { finestStep, intervalOf, wholeEnd } from "./step-choice.ts";

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 10, 20, 12);
const WINDOW = { fromMs: AT - HOUR, toMs: AT, stepMs: 5_000, maxPoints: 722 };
const NOTHING = readExplore("");
const one = (part: Partial<typeof FIRST_QUERY>): ExploreState => ({ ...NOTHING, queries: [{ ...FIRST_QUERY, metric: "m", ...part }] });

describe("a question", () => {
  it("[UI82] is asked in the contract's shape, in short for a single query", () => {
    const asked = askedOf(
      one({
        matchers: [
          { label: "", op: "=", value: "" },
          { label: "job", op: "!=", value: "x" },
        ],
      }),
      WINDOW,
    );
    expect(asked?.body).toEqual({
      metric: "m",
      matchers: [{ label: "job", op: "!=", value: "x" }],
      aggregate: "avg",
      start: "2026-11-20T11:00:00.000Z",
      end: "2026-11-20T12:00:00.000Z",
      stepMs: 5_000,
      maxPoints: 722,
      band: true,
    });
    expect(metricQuerySchema.safeParse(asked?.body).success).toBe(true);
    expect(askedOf({ ...NOTHING, queries: [FIRST_QUERY] }, WINDOW)).toBeUndefined();
    expect(OPS).toEqual(MATCHER_OPS);
  });

  it("[UI82] of several queries and formulas names them, and leaves out what is not finished", () => {
    const state: ExploreState = {
      ...one({ over: "rate", shown: false }),
      formulas: [
        { name: "f1", expression: " ", match: "all", labels: [], many: "" },
        { name: "f2", expression: "a * 2", match: "ignoring", labels: ["le"], many: "right" },
      ],
    };
    const asked = askedOf({ ...state, queries: [{ ...FIRST_QUERY, name: "b" }, ...state.queries] }, WINDOW);
    expect(asked?.body).toMatchObject({
      selections: [{ name: "a", aggregate: "rate", shown: false }],
      formulas: [{ name: "f2", expression: "a * 2", ignoring: ["le"], many: "right" }],
    });
    expect(asked?.body).not.toHaveProperty("band");
    expect(metricQuerySchema.safeParse(asked?.body).success).toBe(true);
  });

  it("[UI82] of a histogram keeps its bounds apart whatever else is grouped away", () => {
    expect(askedOf(one({ group: "by", labels: ["job"], histogram: 0.95 }), WINDOW)?.body).toMatchObject({ groupBy: ["job", "le"] });
    expect(askedOf(one({ group: "without", labels: ["le", "host"], histogram: 0.95 }), WINDOW)?.body).toMatchObject({ without: ["host"] });
  });

  it("[UI82] asks for a band only where the points are made of samples", () => {
    expect(bandPossible(one({}))).toBe(true);
    for (const part of [{ windowMs: 60_000 }, { group: "by" }, { over: "rate" }, { histogram: 0.9 }] as const) {
      expect(bandPossible(one(part))).toBe(false);
      expect(askedOf(one(part), WINDOW)?.body).not.toHaveProperty("band");
    }
  });

  it("[UI85] is asked again for the period before, whole steps earlier", () => {
    expect(shiftOf(WINDOW)).toBe(HOUR);
    expect(shiftOf({ ...WINDOW, fromMs: AT - HOUR - 1 })).toBe(HOUR + 5_000);
    const body = askedOf(one({}), WINDOW)!.body;
    expect(shifted(body, HOUR)).toEqual({ ...body, start: "2026-11-20T10:00:00.000Z", end: "2026-11-20T11:00:00.000Z" });
  });

  it("[UI86] becomes a command for a shell, whatever its values hold, and holds no key", () => {
    const command = curlOf(askedOf(one({ matchers: [{ label: "q", op: "=", value: "it's $HOME" }] }), WINDOW)!.body, "https://m.example");
    expect(command).toContain("Bearer $MERIDIAN_KEY");
    expect(command).toContain("https://m.example/v1/metrics/query");
    const quoted = /-d '(.*)'$/s.exec(command)?.[1]?.replaceAll("'\\''", "'");
    expect(JSON.parse(quoted ?? "")).toMatchObject({ matchers: [{ value: "it's $HOME" }] });
  });
});

describe("a refused question", () => {
  const two = askedOf(
    {
      ...NOTHING,
      queries: [
        FIRST_QUERY,
        {
          ...FIRST_QUERY,
          name: "b",
          metric: "x",
          matchers: [
            { label: "", op: "=", value: "" },
            { label: "l", op: "=~", value: "(" },
          ],
        },
        { ...FIRST_QUERY, name: "c", metric: "y" },
      ],
      formulas: [
        { name: "f1", expression: "", match: "all", labels: [], many: "" },
        { name: "f2", expression: "b +", match: "all", labels: [], many: "" },
      ],
    },
    WINDOW,
  )!;

  it("[UI84] says what is wrong beside the field that is meant, past unfinished ones", () => {
    const said = (pointer: string) => draftProblems(two, [{ pointer, detail: "d" }])[0]?.pointer;
    expect(said("/selections/0/matchers/0/value")).toBe("/queries/1/matchers/1/value");
    expect(said("/selections/1/metric")).toBe("/queries/2/metric");
    expect(said("/formulas/0/expression")).toBe("/formulas/1/expression");
    expect(said("/start")).toBe("/start");
    expect(said("/selections")).toBe("/selections");
  });

  it("[UI84] understands the short form's pointers as of its one query", () => {
    const single = askedOf({ ...NOTHING, queries: [FIRST_QUERY, { ...FIRST_QUERY, name: "b", metric: "x" }] }, WINDOW)!;
    const said = (pointer: string) => draftProblems(single, [{ pointer, detail: "d" }])[0]?.pointer;
    expect(said("/histogramQuantile")).toBe("/queries/1/histogramQuantile");
    expect(said("/stepMs")).toBe("/stepMs");
    expect(said("")).toBe("");
  });
});

describe("the step of a question", () => {
  const draft = { ...FIRST_QUERY, metric: "m" };
  const step = (part: Partial<typeof FIRST_QUERY>, intervalMs: number | null) => finestStep([{ ...draft, ...part }], () => intervalMs);

  it("[UI94] is never finer than the samples, and has two of them where one that lacks would make a wrong number", () => {
    expect(step({}, null)).toBe(5_000);
    expect(step({}, 15_000)).toBe(15_000);
    expect(step({}, 60_000)).toBe(60_000);
    expect(step({ over: "rate" }, 15_000)).toBe(30_000);
    expect(step({ group: "by" }, 60_000)).toBe(120_000);
    expect(step({ group: "by", windowMs: 300_000 }, 60_000)).toBe(5_000);
    expect(finestStep([draft, { ...draft, metric: "slow" }], (metric) => (metric === "slow" ? 300_000 : 5_000))).toBe(300_000);
  });

  it("[UI94] that is still running is left out of sums and rates, and shown of single series", () => {
    const rate = [{ ...draft, over: "rate" as const }];
    const now = 1_000_000;
    expect(wholeEnd(rate, now, 60_000, now)).toBe(16 * 60_000 - 1);
    expect(wholeEnd(rate, now + 90_000, 60_000, now)).toBe(16 * 60_000 - 1);
    expect(wholeEnd([draft, { ...draft, group: "by" }], 963_000, 60_000, 963_000)).toBe(15 * 60_000 - 1);
    expect(wholeEnd(rate, 500_000, 60_000, now)).toBe(500_000);
    expect(wholeEnd([draft], now, 60_000, now)).toBe(now);
    expect(wholeEnd([{ ...draft, over: "rate", windowMs: 300_000 }], now, 60_000, now)).toBe(now);
  });

  it("[UI94] is learned from the distance that samples mostly have", () => {
    const values = [1, null, null, 1, null, null, 1, 1, null, null, 1, null, null, null, null, 1, null, null, 1];
    expect(intervalOf({ stepMs: 5_000, series: [{ labels: {}, values }] })).toBe(15_000);
    expect(intervalOf({ stepMs: 5_000, series: [{ labels: {}, values: [null, 1] }] })).toBeNull();
    expect(intervalOf({ stepMs: 5_000, series: [] })).toBeNull();
  });
});
