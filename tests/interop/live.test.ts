import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostsPush } from "../../contract/rpc/metrics.ts";
import { Meridian } from "../../sdk/client.ts";
import { LiveClient, liveDeps, type LiveEvent, type LiveStatus } from "../../sdk/live.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";

let server: TestServer;
let meridian: Meridian;

beforeAll(async () => {
  server = await startTestServer();
  meridian = new Meridian({ url: server.url, key: server.demo.apiKey });
});
afterAll(async () => {
  await server.stop();
  removeState(server);
});

/** The console's client, signed in as the demo's owner: keys are made by people only. */
async function signedIn(): Promise<Meridian> {
  const origin = { origin: server.url, "content-type": "application/json" };
  const { email, password } = server.demo;
  const answer = await fetch(`${server.url}/v1/auth/sign-in/email`, {
    method: "POST",
    headers: origin,
    body: JSON.stringify({ email, password }),
  });
  const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]);
  return new Meridian({ url: server.url, headers: { ...origin, cookie: cookie.join("; ") } });
}

/** Resolves with the first thing that is said. */
function first<T>(listen: (say: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve) => listen(resolve));
}

async function send(host: string): Promise<void> {
  await meridian.metrics.ingest({
    samples: [{ metric: "host_cpu_used_ratio", labels: { host }, timestamp: Date.now(), value: 0.5 }],
  });
}

describe("Node's own WebSocket over a real connection", () => {
  it("[LV1] [LV21] follows metrics by a ticket, through the client, and is over when its key is revoked", async () => {
    const owner = await signedIn();
    const key = await owner.keys.create({ name: "live", scopes: ["live:connect", "metrics:read"] });
    const reader = new Meridian({ url: server.url, key: key.secret });
    const live = new LiveClient(liveDeps(async () => (await reader.connect.ticket()).url));
    const statuses: LiveStatus[] = [];
    const over = first<LiveStatus>((say) =>
      live.onStatus((status) => {
        statuses.push(status);
        if (status.light === "offline" && statuses.length > 1) say(status);
      }),
    );
    const events: LiveEvent[] = [];
    const event = first<LiveEvent>((say) => {
      live.subscribe("metrics/all", {
        event: (one) => {
          events.push(one);
          say(one);
        },
        subscribed: () => void send("lv-interop"),
      });
    });
    live.connect();
    const { channel, data } = await event;
    expect(channel).toBe("metrics/all");
    expect((data as HostsPush).hosts).toMatchObject([{ host: "lv-interop", cpuRatio: 0.5 }]);
    expect(statuses.map((status) => status.light)).toEqual(["offline", "reconnecting", "live"]);
    await owner.keys.revoke(key.id);
    expect(await over).toMatchObject({ light: "offline", stopped: true, reason: "unauthorized" });
  });

  it("[LV23] [LV31] takes a key as subprotocol, confirms only the protocol, and closes with the code it was given", async () => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/connect`, ["meridian.v1", `bearer.${server.demo.apiKey}`]);
    const frame = await first<string>((say) => socket.addEventListener("message", ({ data }) => say(String(data))));
    expect([JSON.parse(frame), socket.protocol]).toMatchObject([{ type: "welcome", n: 1 }, "meridian.v1"]);
    const closed = first<number>((say) => socket.addEventListener("close", ({ code }) => say(code)));
    socket.close(4_000, "enough");
    expect(await closed).toBe(4_000);
  });

  it("[LV26] is joined by an auth frame, and closed with 4401 for a wrong one", async () => {
    const open = (): WebSocket => new WebSocket(`${server.url.replace("http", "ws")}/v1/connect`);
    const good = open();
    good.addEventListener("open", () => good.send(JSON.stringify({ v: 1, type: "auth", token: server.demo.apiKey })));
    const frame = await first<string>((say) => good.addEventListener("message", ({ data }) => say(String(data))));
    expect(JSON.parse(frame)).toMatchObject({ type: "welcome" });
    good.close();
    const bad = open();
    bad.addEventListener("open", () => bad.send(JSON.stringify({ v: 1, type: "auth", token: "mrd_no" })));
    expect(await first<number>((say) => bad.addEventListener("close", ({ code }) => say(code)))).toBe(4_401);
  });
});
