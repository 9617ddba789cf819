import type { Mutation } from "../mutation.ts";

export const LEADERBOARD_CONSOLE_MUTATIONS: readonly Mutation[] = [
  {
    rule: "LB112",
    defect: "decides the next case as the one before",
    file: "web/console/live/review-machine.ts",
    find: "return next === state.caseId ? state : lookAt(next);",
    replace: "return { ...state, caseId: next };",
    test: "web/console/live/reviews.test.ts",
  },
  {
    rule: "LB113",
    defect: "shows a case again that was decided a moment ago",
    file: "web/console/live/review-machine.ts",
    find: "newest.filter(({ reviewId }) => !decided.has(reviewId)).map(",
    replace: "newest.map(",
    test: "web/console/live/reviews.test.ts",
  },
  {
    rule: "LB114",
    defect: "sends a decision that was taken back",
    file: "web/console/live/decision-desk.ts",
    find: "    held.cancel();\n    this.#held = undefined;",
    replace: "    held.cancel();",
    test: "web/console/live/reviews.test.ts",
  },
  {
    rule: "LB114",
    defect: "forgets a decision when the next one comes",
    file: "web/console/live/decision-desk.ts",
    find: "  hold(decision: HeldDecision): void {\n    this.flush();",
    replace: "  hold(decision: HeldDecision): void {\n    this.undo();",
    test: "web/console/live/reviews.test.ts",
  },
  {
    rule: "LB115",
    defect: "draws a run beyond the population at its edge",
    file: "web/console/live/case-pictures.ts",
    find: "const high = Math.max(to, ...scores);",
    replace: "const high = to;",
    test: "web/console/live/boards.test.ts",
  },
];
