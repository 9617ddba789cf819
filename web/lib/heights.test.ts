import { describe, expect, it } from "vitest";
import { mulberry } from "../../tests/lib/random.ts";
import { Heights } from "./heights.ts";

describe("heights of a long list", () => {
  it("[RM200] are found as adding them up one by one finds them, through measuring, appending and prepending", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = mulberry(seed);
      const heights = new Heights(40);
      const measured = new Map<string, number>();
      let keys: string[] = [];
      let made = 0;
      for (let turn = 0; turn < 30; turn++) {
        const fresh = Array.from({ length: Math.floor(random() * 8) }, () => `k${made++}`);
        keys = random() < 0.5 ? [...fresh, ...keys] : [...keys, ...fresh];
        heights.setRows(keys);
        for (let n = 0; n < 5 && keys.length > 0; n++) {
          const index = Math.floor(random() * keys.length);
          const height = 10 + Math.floor(random() * 200);
          const before = measured.get(keys[index] ?? "") ?? 40;
          expect(heights.measure(index, height)).toBe(height - before);
          measured.set(keys[index] ?? "", height);
        }
        let start = 0;
        for (const [index, key] of keys.entries()) {
          const height = measured.get(key) ?? 40;
          expect(heights.startOf(index)).toBe(start);
          expect(heights.indexAt(start)).toBe(index);
          expect(heights.indexAt(start + height - 1)).toBe(index);
          start += height;
        }
        expect(heights.total).toBe(start);
        if (keys.length > 0) expect(heights.indexAt(start + 1_000)).toBe(keys.length - 1);
      }
    }
  });

  it("[RM200] of rows that left are forgotten when told so, and of those that come back are guessed", () => {
    const heights = new Heights(40);
    heights.setRows(["a", "b"]);
    heights.measure(0, 100);
    heights.setRows(["b"]);
    heights.forgetOthers();
    heights.setRows(["a", "b"]);
    expect(heights.startOf(1)).toBe(40);
  });
});
