import { expect, it } from "vitest";
import { accept, PROBLEMS, type ProblemSlug, refuse } from "../../contract/problems.ts";
import { judgeIdempotency, nextSweepAt, recordOf } from "./idempotency.ts";
import { KIT_LIMITS } from "./limits.ts";

const claim = { key: "k", route: "POST /v1/things", bodyHash: "h" };
const slugs = Object.keys(PROBLEMS) as ProblemSlug[]; // the keys of a const object are its key type

it("[KT45] refusals that say to come back are not kept; all others are", () => {
  for (const slug of slugs) {
    const kept = recordOf("a", claim, refuse(slug, "x"), false, 0) !== undefined;
    const { status } = PROBLEMS[slug];
    expect([slug, kept]).toEqual([slug, status !== 429 && status < 500]);
  }
});

it("[KT44] the limit of an answer counts bytes, not characters", () => {
  const sized = (text: string) => recordOf("a", claim, accept(text), false, 0)?.withheld;
  const room = KIT_LIMITS.answerBytes - JSON.stringify(accept("")).length;
  expect([sized("é".repeat(room / 2)), sized("é".repeat(room / 2 + 1))]).toEqual([null, "size"]);
});

it("[KT40] what was recorded is what is answered, undefined values included", () => {
  for (const outcome of [
    accept({ a: [1, null] }),
    accept(undefined),
    refuse("not-found", "gone", { errors: [{ pointer: "/a", detail: "b" }] }),
  ]) {
    expect(judgeIdempotency(recordOf("a", claim, outcome, false, 0), claim, false, 1)).toEqual({ kind: "answer", outcome });
  }
});

it("[KT47] a record counts until its 24 hours are over", () => {
  const record = recordOf("a", claim, accept(1), false, 1_000);
  expect(judgeIdempotency(record, claim, false, 1_000 + KIT_LIMITS.replayMs - 1).kind).toBe("answer");
  expect(judgeIdempotency(record, claim, false, 1_000 + KIT_LIMITS.replayMs).kind).toBe("run");
  expect(judgeIdempotency(undefined, claim, false, 0).kind).toBe("run");
});

it("[KT47] sweeps come when the oldest record is over, an hour apart at least, and not at all without records", () => {
  expect(nextSweepAt(null, 5)).toBeUndefined();
  expect(nextSweepAt(1_000, 1_000)).toBe(1_000 + KIT_LIMITS.replayMs);
  expect(nextSweepAt(0, KIT_LIMITS.replayMs)).toBe(KIT_LIMITS.replayMs + KIT_LIMITS.sweepEveryMs);
});
