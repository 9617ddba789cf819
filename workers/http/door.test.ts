import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { EdgeEnv } from "../env.ts";
import { serveWithAssets, withoutClaims } from "./door.ts";

const SCRIPT = "export const answer = 42;\n".repeat(100);

function envWithFile(): EdgeEnv {
  const ASSETS = {
    fetch: async () =>
      new Response(SCRIPT, { headers: { "content-type": "text/javascript", etag: '"abc"', "content-length": String(SCRIPT.length) } }),
  };
  return { ...(env as unknown as EdgeEnv), ASSETS: ASSETS as unknown as Fetcher }; // the one method that the door uses
}

describe("the door of a single node", () => {
  it("[HT54] drops what a client claims about its address, in any notation, and keeps everything else", async () => {
    const claims = [
      "CF-Connecting-IP",
      "cf-ray",
      "MF-CF-Blob",
      "X-Forwarded-For",
      "X-Forwarded-Proto",
      "X-Real-IP",
      "Forwarded",
      "True-Client-IP",
    ];
    const headers = new Headers({ "content-type": "application/json", "x-request-id": "abc" });
    for (const name of claims) headers.set(name, "1.2.3.4");
    let seen: Request | undefined;
    const app = {
      fetch: (request: Request) => {
        seen = request;
        return new Response("ok");
      },
    };
    await serveWithAssets(
      app,
      new Request("http://localhost/v1/x", { method: "POST", body: "{}", headers }),
      envWithFile(),
      createExecutionContext(),
    );
    for (const name of claims) expect(seen?.headers.has(name), name).toBe(false);
    expect(seen?.headers.get("x-request-id")).toBe("abc");
    expect(await seen?.text()).toBe("{}");
  });

  it("[HT54] hands an honest request on as it is", () => {
    const request = new Request("http://localhost/v1/x", { headers: { accept: "*/*" } });
    expect(withoutClaims(request)).toBe(request);
  });

  it("[HT55] compresses a file for who takes it, with a weak validator, and not for who does not", async () => {
    const app = { fetch: () => new Response(null, { status: 404 }) };
    const get = async (encoding: string) =>
      await serveWithAssets(
        app,
        new Request("http://localhost/assets/a.js", { headers: { "accept-encoding": encoding } }),
        envWithFile(),
        createExecutionContext(),
      );
    const small = await get("gzip, br");
    expect(small.headers.get("content-encoding")).toBe("gzip");
    expect(small.headers.get("etag")).toBe('W/"abc"');
    const whole = await get("identity");
    expect(whole.headers.get("content-encoding")).toBeNull();
    expect(await whole.text()).toBe(SCRIPT);
    expect(whole.headers.get("vary")).toMatch(/accept-encoding/);
  });
});
