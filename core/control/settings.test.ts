import { describe, expect, it } from "vitest";
import { ACCESS_LIMITS, isOrigin } from "../../contract/access.ts";
import { FIRST_SETTINGS, settingsSchema, type TenantSettings } from "../../contract/settings.ts";
import { changedSettings, normalSettings, partOf, readSettings } from "./settings.ts";

const withOrigins = (origins: string[]): TenantSettings => ({ ...FIRST_SETTINGS, origins });
const isValid = (settings: unknown) => settingsSchema.safeParse(settings).success;

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
    expect(isValid(withOrigins(many))).toBe(true);
    expect(isValid(withOrigins([...many, "https://one-more.example.com"]))).toBe(false);
  });

  it("[AC12] are kept once each and in order, so that equal wishes are equal", () => {
    const wanted = normalSettings({
      ...withOrigins(["https://b.example", "https://a.example", "https://b.example"]),
      hosts: ["b.example", "a.example", "b.example"],
    });
    expect(wanted).toEqual({ ...FIRST_SETTINGS, origins: ["https://a.example", "https://b.example"], hosts: ["a.example", "b.example"] });
    expect(changedSettings(FIRST_SETTINGS, wanted)).toEqual(["origins", "hosts"]);
    expect(partOf(wanted, ["hosts"])).toEqual({ hosts: ["a.example", "b.example"] });
    expect(changedSettings(wanted, normalSettings(wanted))).toEqual([]);
  });

  it("[AC12] of an older version are completed; unreadable ones are refused, never replaced by defaults", () => {
    expect(readSettings("{}")).toEqual(FIRST_SETTINGS);
    expect(readSettings('{"origins":["https://a.example"]}')).toEqual(withOrigins(["https://a.example"]));
    expect(readSettings('{"hostedAccounts":{"enabled":true}}').hostedAccounts).toEqual({
      enabled: true,
      guests: false,
      mailWebhookUrl: null,
    });
    for (const text of ['{"origins":"all"}', '{"hostedAccounts":{"enabled":"yes"}}', "[]", "null", ""])
      expect(() => readSettings(text), text).toThrow();
  });

  it("[AC12] of a later version are read without what is not known yet", () => {
    expect(readSettings('{"origins":[],"theme":"ocean","hostedAccounts":{"guests":true,"mfa":true}}')).toEqual({
      ...FIRST_SETTINGS,
      hostedAccounts: { ...FIRST_SETTINGS.hostedAccounts, guests: true },
    });
  });
});
