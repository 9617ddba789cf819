import { describe, expect, it } from "vitest";
import type { Cardinality } from "../../../../contract/metric-catalog.ts";
import { FIRST_METRIC_SETTINGS, metricSettingsSchema } from "../../../../contract/metric-settings.ts";
import { PLANS } from "../../../../contract/plans.ts";
import { cardinalityHead, explodingLabel, pairMatcher, selectorWords } from "./cardinality-words.ts";
import { chosenAddress, readChosen } from "./series-address.ts";
import { draftOf, planValue, SETTING_FIELDS, settingsOf, shortened } from "./settings-draft.ts";

const HOUR = 3_600_000;
const of = (part: Partial<Cardinality>): Cardinality => ({
  activeSeries: 1_000,
  maxSeries: 5_000,
  newSeriesPerHour: 5_000,
  newSeries: [
    { hourMs: 0, made: 900, refused: 0 },
    { hourMs: HOUR, made: 12, refused: 0 },
  ],
  metrics: [],
  labels: [],
  pairs: [],
  ...part,
});

describe("cardinality", () => {
  it("[UI87] says first whether new series are refused, then whether there is room, then what began", () => {
    expect(cardinalityHead(of({}))).toEqual({ tone: "ok", headline: "1,000 of 5,000 series", detail: "12 began this hour, 5,000 may" });
    expect(cardinalityHead(of({ activeSeries: 4_000 }))).toMatchObject({ tone: "warn", detail: expect.stringMatching(/^80 % full/) });
    const now = of({ activeSeries: 5_000, newSeries: [{ hourMs: 0, made: 5_000, refused: 321 }] });
    expect(cardinalityHead(now)).toMatchObject({ tone: "critical", detail: "321 new ones refused this hour; old ones go on" });
    const over = of({
      newSeries: [
        { hourMs: 0, made: 1, refused: 1 },
        { hourMs: HOUR, made: 1, refused: 0 },
      ],
    });
    expect(cardinalityHead(over)).toMatchObject({ tone: "warn", detail: "1 new one refused within 24 h, none this hour" });
  });

  it("[UI87] names the label that explodes, and none where labels have few values or little share", () => {
    const label = (name: string, values: number) => ({ name, values, series: values });
    expect(explodingLabel(of({ labels: [label("host", 90), label("request_id", 700), label("path", 250)] }))?.name).toBe("request_id");
    expect(explodingLabel(of({ labels: [label("host", 99), label("path", 199)] }))).toBeUndefined();
    expect(explodingLabel(of({ activeSeries: 50, labels: [label("host", 50)] }))).toBeUndefined();
  });

  it("[UI88] leads from a pair to its series by an address that means the same, whatever the value holds", () => {
    expect(pairMatcher("path=/a?b=c")).toEqual({ label: "path", op: "=", value: "/a?b=c" });
    const chosen = { metric: 'odd "name"', matchers: [pairMatcher("path=/a?b=c&d"), { label: "job", op: "!~" as const, value: "" }] };
    expect(readChosen(chosenAddress("delete", chosen).split("?")[1] ?? "")).toMatchObject({ metric: 'odd "name"' });
    expect(readChosen(`?${chosenAddress("series", chosen).split("?").slice(1).join("?")}`)).toEqual(chosen);
    expect(readChosen("?match=[[1,2],[%22a%22,%22=%22,%22b%22]]&metric=")).toEqual({
      metric: "",
      matchers: [{ label: "a", op: "=", value: "b" }],
    });
    expect(readChosen("?match={")).toEqual({ metric: "", matchers: [] });
    expect(selectorWords("m", chosen.matchers)).toBe('m{path="/a?b=c&d", job!~""}');
    expect(selectorWords("", [])).toBe("all series");
  });
});

describe("the form of how metrics are kept", () => {
  const view = {
    settings: { ...FIRST_METRIC_SETTINGS, shards: 2, rawHours: 12 },
    effective: { shards: 2, rawMs: 12 * HOUR, minuteMs: 1, hourMs: 1, activeSeries: 1, newSeriesPerHour: 1 },
  };

  it("[UI89] takes nothing for the plan's value, and what the contract takes up to the plan's", () => {
    const draft = draftOf(view);
    expect(draft).toEqual({ shards: "2", rawHours: "12", minuteDays: "", hourDays: "", activeSeries: "", newSeriesPerHour: "" });
    expect(settingsOf(draft, view.settings, "free")).toEqual({ settings: view.settings });
    for (const field of SETTING_FIELDS) {
      const most = planValue("free", field);
      const read = settingsOf({ ...draft, [field]: ` ${most} ` }, view.settings, "free");
      expect(read).toEqual({ settings: { ...view.settings, [field]: most } });
      expect(metricSettingsSchema.safeParse("settings" in read && read.settings).success).toBe(true);
      for (const typed of [String(most + 1), "0", "1.5", "many", "-3"]) {
        expect(settingsOf({ ...draft, [field]: typed }, view.settings, "free")).toEqual({
          wrong: { [field]: expect.stringContaining("or nothing") },
        });
      }
    }
    expect(planValue("free", "rawHours") * HOUR).toBe(PLANS.free.rawRetentionMs);
  });

  it("[UI89] lets shards grow only", () => {
    const draft = draftOf(view);
    expect(settingsOf({ ...draft, shards: "3" }, view.settings, "free")).toMatchObject({ settings: { shards: 3 } });
    for (const shards of ["1", "17", ""]) expect(settingsOf({ ...draft, shards }, view.settings, "free")).toHaveProperty("wrong.shards");
  });

  it("[UI89] knows which tiers would lose what is older", () => {
    const { settings } = view;
    expect(shortened(settings, { ...settings, rawHours: 6, hourDays: 10 }, "free")).toEqual(["raw", "hour"]);
    expect(shortened(settings, { ...settings, rawHours: null, minuteDays: planValue("free", "minuteDays") }, "free")).toEqual([]);
  });
});
