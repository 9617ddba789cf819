import { describe, expect, it } from "vitest";
import { DENIED_BUDGET, type DeniedWindow, spendDenied } from "./audit-budget.ts";

describe("the budget of denials", () => {
  it("[AC9] takes so many an hour and not one more, then begins anew", () => {
    const start = 10_000_000;
    let window: DeniedWindow = { since: 0, count: 0 };
    for (let n = 1; n <= DENIED_BUDGET.perWindow; n++) {
      const next = spendDenied(window, start + n);
      expect(next?.count).toBe(n);
      window = next ?? window;
    }
    expect(spendDenied(window, start + DENIED_BUDGET.windowMs)).toBeUndefined();
    expect(spendDenied(window, start + 1 + DENIED_BUDGET.windowMs)).toEqual({ since: start + 1 + DENIED_BUDGET.windowMs, count: 1 });
  });

  it("[AC9] begins anew when the clock was set back, rather than refusing until it has caught up", () => {
    expect(spendDenied({ since: 5_000, count: DENIED_BUDGET.perWindow }, 4_000)).toEqual({ since: 4_000, count: 1 });
  });
});
