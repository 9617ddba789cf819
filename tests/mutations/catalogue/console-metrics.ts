import type { Mutation } from "../mutation.ts";

const EXPLORE = "web/console/observe/explore";

export const CONSOLE_METRICS_MUTATIONS: readonly Mutation[] = [
  {
    rule: "UI81",
    defect: "forgets in a link that a query is hidden",
    file: `${EXPLORE}/explore-state.ts`,
    find: "...(!shown && { hidden: true }),",
    replace: "",
    test: `${EXPLORE}/explore-state.test.ts`,
  },
  {
    rule: "UI83",
    defect: "draws the first eleven series instead of those with the highest peaks",
    file: `${EXPLORE}/explore-lines.ts`,
    find: "const ranked = many ? named.toSorted((a, b) => peakOf(b.series) - peakOf(a.series)) : named;",
    replace: "const ranked = named;",
    test: `${EXPLORE}/explore-lines.test.ts`,
  },
  {
    rule: "UI84",
    defect: "marks another condition than the refused one when one before it is not finished",
    file: `${EXPLORE}/explore-request.ts`,
    find: 'if (within[0] === "matchers" && within[1] !== undefined) within[1] = String(query.matchers[Number(within[1])] ?? within[1]);',
    replace: "",
    test: `${EXPLORE}/explore-request.test.ts`,
  },
  {
    rule: "UI94",
    defect: "lets a sum fall at its end, where the step is still running",
    file: `${EXPLORE}/step-choice.ts`,
    find: "return running ? Math.floor((Math.min(toMs, nowMs) - ARRIVES_MS) / stepMs) * stepMs - 1 : toMs;",
    replace: "return toMs;",
    test: `${EXPLORE}/explore-request.test.ts`,
  },
  {
    rule: "UI89",
    defect: "keeps less without asking",
    file: "web/console/observe/cardinality/settings-draft.ts",
    find: "return (after[field] ?? planValue(plan, field)) < (before[field] ?? planValue(plan, field));",
    replace: "return false;",
    test: "web/console/observe/cardinality/cardinality.test.ts",
  },
];
