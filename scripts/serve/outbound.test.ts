import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";
import { fetchGuarded, guardedFetch, isPrivateAddress, type OutboundDeps } from "./outbound.ts";

function world(
  names: Record<string, string[]>,
  answers: Record<string, Response>,
): OutboundDeps & { asked: { url: string; headers: Headers }[] } {
  const asked: { url: string; headers: Headers }[] = [];
  const answer = async (url: string, init: RequestInit) => {
    asked.push({ url, headers: new Headers(init.headers) });
    return answers[url]?.clone() ?? new Response("ok");
  };
  return {
    asked,
    resolve: async (host) => names[host] ?? Promise.reject(new Error("ENOTFOUND")),
    fetch: answer,
    fetchOpened: answer,
  };
}

describe("outbound requests of a single node", () => {
  it("[SC6] knows private addresses in every notation", () => {
    for (const address of [
      "127.0.0.1",
      "10.1.2.3",
      "172.31.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "0.0.0.0",
      "::1",
      "::",
      "fe80::1",
      "fd00::1",
      "::ffff:127.0.0.1",
      "::127.0.0.1",
      "::ffff:0:127.0.0.1",
      "fec0::1",
      "3fff::1",
      "5f00::1",
      "224.0.0.1",
      "not an address",
    ])
      expect(isPrivateAddress(address), address).toBe(true);
    for (const address of ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00::1", "3ffe::1"])
      expect(isPrivateAddress(address), address).toBe(false);
  });

  it("[SC6] refuses an address, a name that resolves to one, and a name that has one beside a public one", async () => {
    const deps = world({ "inside.test": ["10.0.0.5"], "mixed.test": ["1.1.1.1", "127.0.0.1"] }, {});
    for (const url of [
      "http://127.0.0.1/",
      "http://[::1]/",
      "http://2130706433/",
      "http://inside.test/",
      "http://mixed.test/",
      "http://nowhere.test/",
    ])
      expect((await guardedFetch(new Request(url), undefined, deps)).status, url).toBe(403);
    expect(deps.asked).toEqual([]);
  });

  it("[SC6] refuses a redirect into a private address and drops credentials on the way to another origin", async () => {
    const deps = world(
      { "a.test": ["1.1.1.1"], "b.test": ["1.0.0.1"], "inside.test": ["192.168.0.1"] },
      {
        "http://a.test/": new Response(null, { status: 302, headers: { location: "http://b.test/next" } }),
        "http://b.test/next": new Response(null, { status: 307, headers: { location: "http://inside.test/" } }),
      },
    );
    const response = await guardedFetch(
      new Request("http://a.test/", { headers: { authorization: "secret", "x-kept": "1" } }),
      undefined,
      deps,
    );
    expect(response.status).toBe(403);
    expect(deps.asked.map(({ url }) => url)).toEqual(["http://a.test/", "http://b.test/next"]);
    expect(deps.asked[1]?.headers.get("authorization")).toBeNull();
    expect(deps.asked[1]?.headers.get("x-kept")).toBe("1");
  });

  it("[SC6] ends a redirect loop and passes an ordinary answer through", async () => {
    const loop = world({ "a.test": ["1.1.1.1"] }, { "http://a.test/": new Response(null, { status: 302, headers: { location: "/" } }) });
    expect((await guardedFetch(new Request("http://a.test/"), undefined, loop)).status).toBe(508);
    const fine = world({ "a.test": ["1.1.1.1"] }, {});
    expect(await (await guardedFetch(new Request("http://a.test/x", { method: "POST", body: "hello" }), undefined, fine)).text()).toBe(
      "ok",
    );
  });

  it("[ND90] lets through exactly the private places that whoever runs the node has opened", async () => {
    const deps = world({}, {});
    const opened = new Set(["127.0.0.1:8443", "inside.test:443"]);
    const statusOf = async (url: string) => (await guardedFetch(new Request(url), opened, deps)).status;
    expect([await statusOf("https://127.0.0.1:8443/jwks.json"), await statusOf("https://inside.test/")]).toEqual([200, 200]);
    for (const url of [
      "https://127.0.0.1/",
      "https://127.0.0.1:8444/",
      "https://inside.test:8443/",
      "http://inside.test/",
      "https://[::1]:8443/",
    ])
      expect([url, await statusOf(url)]).toEqual([url, 403]);
  });

  it("[ND90] knows an opened place in every notation, and takes nothing that is none", () => {
    const opened = (...places: string[]) => readOptions(places.flatMap((place) => ["--outbound-allow", place])).outboundAllow;
    expect(opened("LocalHost:9000", "[0:0:0:0:0:0:0:1]:443", "inside.test:80")).toEqual(["localhost:9000", "[::1]:443", "inside.test:80"]);
    for (const place of ["localhost", "localhost:99999", "[::1", "a b:80", "http://localhost:80", "999.1.1.1:80"])
      expect(() => opened(place), place).toThrow("takes host:port");
  });

  it("[SC6] looks at the addresses again when it connects, so that a name which changed in between leads nowhere", async () => {
    let reached = 0;
    const inside = createServer((_request, response) => {
      reached++;
      response.end("secret");
    });
    await new Promise<void>((done) => inside.listen(0, "127.0.0.1", done));
    const { port } = inside.address() as AddressInfo; // it listens on a port
    const url = `http://localhost:${port}/`;
    const deps: OutboundDeps = { ...world({ localhost: ["1.1.1.1"] }, {}), fetch: fetchGuarded };
    await expect(guardedFetch(new Request(url), undefined, deps)).rejects.toThrow(TypeError);
    expect(reached).toBe(0);
    expect(await (await guardedFetch(new Request(url), new Set([`localhost:${port}`]))).text()).toBe("secret");
    inside.close();
  });
});
