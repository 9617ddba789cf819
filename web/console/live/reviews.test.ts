import { describe, expect, it, vi } from "vitest";
import type { DecisionReply } from "../../../contract/leaderboard-reads.ts";
import { DecisionDesk, HOLD_MS, type HeldDecision } from "./decision-desk.ts";
import { afterCase, lookAt, mergeQueue, pressReviewKey, type ReviewScene, type ReviewState } from "./review-machine.ts";

const SCENE: ReviewScene = {
  cases: ["a", "b", "c"],
  runs: [
    { id: "r1", removed: false },
    { id: "r2", removed: true },
    { id: "r3", removed: false },
  ],
};

function press(state: ReviewState, ...keys: readonly string[]): ReviewState {
  return keys.reduce((now, key) => pressReviewKey(now, key, SCENE)?.state ?? now, state);
}

describe("the keys of the review queue", () => {
  it("[LB112] walks the cases without leaving the queue, and forgets what was chosen for the one before", () => {
    const first = press(lookAt(undefined), "j");
    expect(first.caseId).toBe("a");
    expect(press(first, "k").caseId).toBe("a");
    expect(press(first, "j", "ArrowDown", "j").caseId).toBe("c");
    expect(press(first, "x", "b", "j")).toEqual(lookAt("b"));
  });

  it("[LB112] marks runs to be taken back, but none that was before", () => {
    expect([...press(lookAt("a"), "x").removed]).toEqual(["r1"]);
    expect([...press(lookAt("a"), "x", "x").removed]).toEqual([]);
    expect([...press(lookAt("a"), "l", "x").removed]).toEqual([]);
    expect([...press(lookAt("a"), "x", "l", "l", "l", "x").removed]).toEqual(["r1", "r3"]);
  });

  it("[LB112] decides nothing without Enter, and nothing with Enter alone", () => {
    expect(pressReviewKey(lookAt("a"), "Enter", SCENE)).toBeUndefined();
    const chosen = press(lookAt("a"), "b");
    expect(chosen.choice).toEqual({ decision: "ban" });
    expect(pressReviewKey(chosen, "Enter", SCENE)?.effect).toBe("confirm");
    expect(press(chosen, "Escape").choice).toBeUndefined();
    expect(press(lookAt(undefined), "b").choice).toBeUndefined();
  });

  it("[LB112] suspends for a week, and longer or shorter when the key is pressed again", () => {
    const days = ["s", "s", "s", "s"].map((_, i, keys) => press(lookAt("a"), ...keys.slice(0, i + 1)).choice);
    expect(days).toEqual([7, 30, 1, 7].map((count) => ({ decision: "suspend", days: count })));
  });

  it("[LB113] keeps cases where they stand, drops what was decided and puts new ones last", () => {
    const cases = (...ids: string[]) => ids.map((reviewId) => ({ reviewId }));
    expect(mergeQueue(cases("b", "a"), cases("new", "a", "b", "done"), new Set(["done"])).map(({ reviewId }) => reviewId)).toEqual([
      "b",
      "a",
      "new",
    ]);
    expect(mergeQueue(cases("gone"), cases(), new Set())).toEqual([]);
    expect([afterCase(["a", "b"], "a"), afterCase(["a", "b"], "b"), afterCase(["a"], "a")]).toEqual(["b", "a", undefined]);
  });
});

function desk(answer: () => Promise<DecisionReply>) {
  const sent: string[] = [];
  const failed: string[] = [];
  let due: (() => void) | undefined;
  const made = new DecisionDesk({
    send: async ({ reviewId }) => {
      sent.push(reviewId);
      return await answer();
    },
    sent: () => {},
    failed: ({ reviewId }) => void failed.push(reviewId),
    after: (ms, work) => {
      expect(ms).toBe(HOLD_MS);
      due = work;
      return () => (due = undefined);
    },
  });
  const decision = (reviewId: string): HeldDecision => ({ board: "b", reviewId, player: "p", input: { decision: "ban" } });
  return { made, sent, failed, decision, time: () => due?.() };
}

describe("a decision that can be taken back", () => {
  const answer = async () => ({}) as DecisionReply; // nobody looks into it

  it("[LB114] goes out after ten seconds, and never when it was taken back", () => {
    const { made, sent, decision, time } = desk(answer);
    made.hold(decision("a"));
    expect(sent).toEqual([]);
    expect(made.undo("another")).toBeUndefined();
    expect(made.undo()?.reviewId).toBe("a");
    time();
    expect(sent).toEqual([]);
    made.hold(decision("a"));
    time();
    expect(sent).toEqual(["a"]);
    expect(made.undo()).toBeUndefined();
  });

  it("[LB114] goes out at once with the next decision and when the page is left, once", async () => {
    const { made, sent, failed, decision } = desk(async () => await Promise.reject(new Error("refused")));
    made.hold(decision("a"));
    made.hold(decision("b"));
    expect(sent).toEqual(["a"]);
    made.flush();
    made.flush();
    expect(sent).toEqual(["a", "b"]);
    await vi.waitFor(() => expect(failed).toEqual(["a", "b"]));
  });
});
