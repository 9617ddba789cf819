import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { havePeers } from "../lib/peers.ts";
import { differences, fromMeridian, fromPrometheus } from "./lib/compare-answers.ts";
import { ScrapedPair } from "./lib/scraped-pair.ts";
import { QUESTIONS } from "./prometheus-questions.ts";

const STEP_MS = 5_000;
/** Long enough for two resets, a target that goes and comes back, and 30 s of window behind the last of them. */
const SCRAPING_MS = 60_000;

it("[MT350] holds answers against each other so that a missing series, time or digit is seen", () => {
  const answer = (...points: [number, number][]) => fromPrometheus([{ labels: { __name__: "m", a: "1" }, points }]);
  const right = answer([0, 1], [5_000, 2]);
  expect(differences(right, answer([0, 1], [5_000, 2 + 1e-9]), 1e-9)).toEqual([]);
  expect(differences(right, answer([0, 1], [5_000, 2 + 1e-8]), 1e-9)).toHaveLength(1);
  expect(differences(right, answer([0, 1]), 1e-6)).toHaveLength(1);
  expect(differences(right, answer([0, 1], [5_000, 2], [10_000, 2]), 1e-6)).toHaveLength(1);
  expect(differences(right, fromPrometheus([{ labels: { a: "2" }, points: [[0, 1]] }]), 1e-6)).toHaveLength(2);
  expect(differences(answer([0, Number.NaN]), new Map(), 1e-6), "JSON has no number for it").toEqual([]);
});

describe.skipIf(!havePeers("prometheus", "prometheus-node-exporter"))("beside a Prometheus that scraped the same", () => {
  let pair: ScrapedPair;
  let startMs: number;
  let endMs: number;

  beforeAll(async () => {
    pair = await ScrapedPair.start();
    startMs = (Math.floor(Date.now() / STEP_MS) + 1) * STEP_MS;
    await new Promise((later) => setTimeout(later, SCRAPING_MS));
    endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS - STEP_MS;
    await pair.sentUntil(endMs);
  }, 240_000);
  afterAll(async () => await pair?.stop());

  it.each(QUESTIONS)("[MT350] answers $promql alike", async (question) => {
    const theirs = fromPrometheus(await pair.prometheus.range(question.promql, startMs, endMs, STEP_MS));
    const reply = await pair.ask(question, startMs, endMs, STEP_MS);
    const ours = fromMeridian(reply, question.formula ? "answer" : "a", startMs, endMs);
    expect(differences(theirs, ours, question.within)).toEqual([]);
    expect(theirs.size > 0, "a question that nobody could answer shows nothing").toBe(question.empty !== true);
  });
});
