import { expect, it } from "vitest";
import { planSchema, type SchemaStep } from "./schema-plan.ts";

const steps = (count: number): SchemaStep[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, name: `step ${i + 1}`, hash: `hash ${i + 1}`, additive: true }));
const reasonOf = (plan: ReturnType<typeof planSchema>) => (plan.kind === "refuse" ? plan.reason : plan.kind);

it("[KT10] applies exactly the steps that are missing, in order", () => {
  expect(planSchema([], steps(3))).toEqual({ kind: "apply", ids: [1, 2, 3] });
  expect(planSchema(steps(2).toReversed(), steps(3))).toEqual({ kind: "apply", ids: [3] });
  expect(planSchema(steps(3), steps(3))).toEqual({ kind: "apply", ids: [] });
});

it("[KT12] refuses a changed text, a changed name, an exchanged order and a hole in the ledger", () => {
  const [one, two] = steps(2) as [SchemaStep, SchemaStep]; // two were asked for
  expect(reasonOf(planSchema([{ ...one, hash: "other" }], [one]))).toBe('step 1 "step 1" was changed after it was applied');
  expect(reasonOf(planSchema([{ ...one, name: "other" }], [one]))).toContain("was changed");
  expect(reasonOf(planSchema([one, two], [{ ...two, id: 1 }, { ...one, id: 2 }]))).toContain("was changed"); // prettier-ignore
  expect(reasonOf(planSchema([two], [one, two]))).toBe("the ledger has no step 1");
});

it("[KT12] refuses code whose ids do not rise by one from 1", () => {
  const [one, two] = steps(2) as [SchemaStep, SchemaStep]; // two were asked for
  for (const known of [[two], [one, { ...two, id: 3 }], [two, one]]) expect(planSchema([], known).kind).toBe("refuse");
});

it("[KT13] tolerates newer steps only when every one of them is additive", () => {
  expect(planSchema(steps(4), steps(2))).toEqual({ kind: "apply", ids: [] });
  const breaking = steps(4).map((step) => ({ ...step, additive: step.id !== 3 }));
  expect(reasonOf(planSchema(breaking, steps(2)))).toContain("newer release");
  expect(planSchema(breaking, steps(3))).toEqual({ kind: "apply", ids: [] });
});
