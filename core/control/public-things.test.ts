import { expect, it } from "vitest";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import { decideMark, publicName } from "./public-things.ts";

const limit = SUBJECT_LIMITS.publicThings;

it("[SU17] a mark is made and taken away once; asking again changes nothing", () => {
  expect(decideMark(false, true, 0)).toEqual({ ok: true, value: "mark" });
  expect(decideMark(true, false, 1)).toEqual({ ok: true, value: "unmark" });
  for (const isPublic of [true, false]) expect(decideMark(isPublic, isPublic, limit)).toEqual({ ok: true, value: "nothing" });
  expect(publicName({ kind: "metrics", name: "shop_*" })).toBe("public/metrics/shop_*");
});

it("[SU17] a tenant has so many marks and not one more, and may always take one away", () => {
  expect(decideMark(false, true, limit - 1).ok).toBe(true);
  expect(decideMark(false, true, limit)).toMatchObject({ problem: { slug: "limit-reached" } });
  expect(decideMark(true, false, limit)).toEqual({ ok: true, value: "unmark" });
});
