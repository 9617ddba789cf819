import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkTransport, isSecure } from "./browser.ts";
import { tenantHost } from "./door-arrival.ts";
import { normalPath } from "./door.ts";
import { isOwnHost } from "./node-proxy.ts";
import { SITE_LIMITS, siteOf } from "./site.ts";

const ENVS = [
  { PUBLIC_URL: "http://localhost:8787" },
  { PUBLIC_URL: "https://ops.example.com" },
  { PUBLIC_URL: "https://ops.example.com", TRUSTED_PROXY_HEADER: "x-real-ip" },
] as const;

const HOSTS = ["localhost:8787", "127.1", "LOCALHOST", "ops.example.com", "OPS.example.com:443", "shop.example.org.", "[::1]:80", "user@shop.example.org", "h?x", "h#x", "10.0.0.1"]; // prettier-ignore

describe("the site of a request", () => {
  it("[HT301] tells of every host what its whole URL tells, first and again, whatever the settings", () => {
    for (const _again of [1, 2])
      for (const env of ENVS)
        for (const scheme of ["http:", "https:"])
          for (const host of HOSTS) {
            const text = `${scheme}//${host}/v1/x?y=http://other.example/`;
            const url = new URL(text);
            const { url: kept, ...site } = siteOf(text, env);
            expect([text, kept.origin, site]).toEqual([
              text,
              url.origin,
              {
                own: isOwnHost(url, env),
                tenantHost: tenantHost(url, env),
                secure: isSecure(url, env),
                transport: checkTransport(url, env, false),
              },
            ]);
          }
  });

  it("[HT301] remembers no host that is longer than a name can be", () => {
    const [env] = ENVS;
    const at = `http://${"a".repeat(SITE_LIMITS.chars - "http://".length)}/`;
    expect(siteOf(at, env)).toBe(siteOf(at, env));
    const over = `http://${"a".repeat(SITE_LIMITS.chars - "http://".length + 1)}/`;
    expect(siteOf(over, env)).not.toBe(siteOf(over, env));
  });

  it("[HT301] forgets the host that was asked longest ago", () => {
    const [env] = ENVS;
    const first = siteOf("http://first.example/", env);
    for (let n = 1; n < SITE_LIMITS.sites; n++) siteOf(`http://host-${n}.example/`, env);
    expect(siteOf("http://first.example/", env)).toBe(first);
    const second = siteOf("http://host-1.example/", env);
    for (let n = 0; n < SITE_LIMITS.sites; n++) siteOf(`http://other-${n}.example/`, env);
    expect(siteOf("http://host-1.example/", env)).not.toBe(second);
  });

  it("[HT301] reads a path for files as the URL parser does", () => {
    const part = fc.constantFrom(
      "/",
      "a",
      "A.b",
      ".",
      "..",
      "%2e",
      "%41",
      "\\",
      "?",
      "#",
      "ä",
      " ",
      '"',
      "|",
      "'",
      "~",
      "@",
      ":",
      ";",
      "//",
    );
    let plain = 0;
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
        const url = `http://h.example/${parts.join("")}`;
        const { pathname } = new URL(url);
        expect([url, normalPath(url)]).toEqual([url, pathname]);
        if (url.includes(pathname) && pathname.length > 2) plain++;
      }),
      { numRuns: 3_000, seed: 301 },
    );
    expect(plain).toBeGreaterThan(100);
  });
});
