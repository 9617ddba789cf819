import { describe, expect, it } from "vitest";
import { ACCESS_LIMITS, keyCreateSchema } from "../../contract/access.ts";
import { PLANS } from "../../contract/plans.ts";
import { decideKeyCreate, keyState, minuteOf } from "./keys.ts";

const now = Date.parse("2026-11-20T12:00:00Z");
const input = { name: "ci", scopes: ["metrics:write" as const] };
const until = (ms: number) => ({ ...input, expiresAt: new Date(now + ms).toISOString() });

describe("a key", () => {
  it("[AC4] is made while the plan has room, and not one beyond it", () => {
    expect(decideKeyCreate(input, "free", PLANS.free.keys - 1, now)).toEqual({ ok: true, value: null });
    expect(decideKeyCreate(input, "free", PLANS.free.keys, now)).toMatchObject({ ok: false, problem: { slug: "limit-reached" } });
  });

  it("[AC4] ends in the future, and not too far in it", () => {
    const longest = ACCESS_LIMITS.maxKeyDays * 86_400_000;
    expect(decideKeyCreate(until(1), "free", 0, now)).toEqual({ ok: true, value: now + 1 });
    expect(decideKeyCreate(until(longest), "free", 0, now)).toEqual({ ok: true, value: now + longest });
    for (const ms of [0, -1, longest + 1]) {
      expect(decideKeyCreate(until(ms), "free", 0, now)).toMatchObject({
        ok: false,
        problem: { slug: "invalid-body", errors: [{ pointer: "/expiresAt" }] },
      });
    }
  });

  it("[AC4] has a name of one line's length and at least one scope that keys can have", () => {
    const parse = (value: object) => keyCreateSchema.safeParse({ ...input, ...value }).success;
    expect(parse({ name: "n".repeat(ACCESS_LIMITS.nameChars) })).toBe(true);
    expect(parse({ name: "n".repeat(ACCESS_LIMITS.nameChars + 1) })).toBe(false);
    expect(parse({ name: "  " })).toBe(false);
    expect(parse({ scopes: [] })).toBe(false);
    expect(parse({ scopes: ["keys:manage"] })).toBe(false);
    expect(parse({ expiresAt: null })).toBe(true);
    expect(parse({ expiresAt: "tomorrow" })).toBe(false);
    expect(parse({ more: 1 })).toBe(false);
  });

  it("[AC5] is revoked, expired from its very end on, or active", () => {
    expect(keyState({ expiresAt: null, revokedAt: null }, now)).toBe("active");
    expect(keyState({ expiresAt: now + 1, revokedAt: null }, now)).toBe("active");
    expect(keyState({ expiresAt: now, revokedAt: null }, now)).toBe("expired");
    expect(keyState({ expiresAt: now, revokedAt: now }, now)).toBe("revoked");
  });

  it("[AC6] is used in whole minutes", () => {
    expect(minuteOf(Date.parse("2026-11-20T12:34:59.999Z"))).toBe(Date.parse("2026-11-20T12:34:00Z"));
  });
});
