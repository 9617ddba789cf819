import { describe, expect, it } from "vitest";
import { ACCESS_LIMITS, isOrigin, tenantPatchSchema } from "../../contract/access.ts";
import { changedSettings, normalSettings, readSettings } from "./settings.ts";

const patch = (origins: string[]) => tenantPatchSchema.safeParse({ settings: { origins } }).success;

describe("a tenant's settings", () => {
  it("[AC12] list origins exactly as browsers send them, nothing that only ends alike", () => {
    for (const origin of ["https://app.example.com", "http://localhost:5173", "https://xn--bcher-kva.example"])
      expect(isOrigin(origin)).toBe(true);
    const wrong = [
      "https://app.example.com/",
      "https://app.example.com/x",
      "app.example.com",
      "*",
      "null",
      "https://*.example.com/",
      "ftp://a.b",
    ];
    for (const origin of [...wrong, "https://user@app.example.com", "HTTPS://app.example.com", "https://app.example.com:443"]) {
      expect(isOrigin(origin), origin).toBe(false);
    }
  });

  it("[AC12] hold so many origins and not one more", () => {
    const many = Array.from({ length: ACCESS_LIMITS.origins }, (_, n) => `https://a${n}.example.com`);
    expect(patch(many)).toBe(true);
    expect(patch([...many, "https://one-more.example.com"])).toBe(false);
  });

  it("[AC12] are kept once each and in order, so that equal wishes are equal", () => {
    const wanted = normalSettings({ origins: ["https://b.example", "https://a.example", "https://b.example"] });
    expect(wanted).toEqual({ origins: ["https://a.example", "https://b.example"] });
    expect(changedSettings({ origins: [] }, wanted)).toEqual(["origins"]);
    expect(changedSettings(wanted, normalSettings(wanted))).toEqual([]);
  });

  it("[AC12] of an older version are completed; unreadable ones are refused, never replaced by defaults", () => {
    expect(readSettings("{}")).toEqual({ origins: [] });
    expect(() => readSettings('{"origins":"all"}')).toThrow();
    expect(() => readSettings("")).toThrow();
  });
});
