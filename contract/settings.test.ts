import { describe, expect, it } from "vitest";
import { FIRST_SETTINGS, settingsSchema } from "./settings.ts";
import { SUBJECT_LIMITS } from "./subject-id.ts";

const parses = (change: object) => settingsSchema.safeParse({ ...FIRST_SETTINGS, ...change }).success;

describe("settings on the wire", () => {
  it("[SU22] are the whole, each time, and begin with everything private", () => {
    expect(settingsSchema.parse(FIRST_SETTINGS)).toEqual(FIRST_SETTINGS);
    expect(FIRST_SETTINGS).toMatchObject({ defaultGrants: [], hostedAccounts: { enabled: false, guests: false } });
    expect(settingsSchema.safeParse({ origins: [] }).success).toBe(false);
    expect(parses({ other: 1 })).toBe(false);
  });

  it("[SU22] name hosts as browsers write them: no port, no address, no upper case", () => {
    for (const host of ["api.example.com", "xn--bcher-kva.example", "a-1.example.co.uk"])
      expect(parses({ hosts: [host] }), host).toBe(true);
    const wrong = [
      "localhost",
      "example",
      "API.example.com",
      "a.example.com:443",
      "https://a.example.com",
      "a.example.com/",
      "-a.example.com",
    ];
    for (const host of [...wrong, "a..example.com", ".example.com", "127.0.0.1", "10.1", "[::1]", "*.example.com", "a_b.example.com", ""])
      expect(parses({ hosts: [host] }), host).toBe(false);
  });

  it("[SU22] hold so many hosts and not one more", () => {
    const hosts = Array.from({ length: SUBJECT_LIMITS.hosts }, (_, n) => `h${n}.example.com`);
    expect(parses({ hosts })).toBe(true);
    expect(parses({ hosts: [...hosts, "more.example.com"] })).toBe(false);
  });

  it("[SU22] hand mails over by https only", () => {
    const withHook = (mailWebhookUrl: string | null) => parses({ hostedAccounts: { enabled: true, guests: true, mailWebhookUrl } });
    expect([withHook(null), withHook("https://mail.example.com/hook")]).toEqual([true, true]);
    expect([withHook("http://mail.example.com/hook"), withHook("mail"), withHook(`https://a/${"x".repeat(500)}`)]).toEqual([
      false,
      false,
      false,
    ]);
    // No request can be sent to such an address, and the settings are shown and audited as they are.
    expect([withHook("https://me:word@mail.example.com/hook"), withHook("https://me@mail.example.com/hook")]).toEqual([false, false]);
  });
});
