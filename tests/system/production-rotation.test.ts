import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { KeyRingStatus } from "../../contract/platform.ts";
import { ROOT, run } from "../../scripts/lib/project.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server.stop();
  removeState(server);
});

const keys = async (...args: string[]) => await run(process.execPath, [join(ROOT, "scripts/keys.ts"), ...args, "--state", server.state]);
const ring = () => JSON.parse(readFileSync(join(server.state, "key-ring.json"), "utf8")) as { current: string; keys: object };
const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;

/** One client of each kind, asking without a pause, as they do in real life: each keeps what it is given. */
class Load {
  readonly failures: string[] = [];
  readonly answered = { key: 0, session: 0, token: 0, mint: 0 };
  /** Ring ids that the tokens in use were signed under. */
  readonly kids = new Set<string>();
  readonly #cookies = new Map<string, string>();
  #token = "";
  #going = true;
  readonly #loops: Promise<void>[] = [];

  async start(): Promise<void> {
    await this.#ask("session", "/v1/auth/sign-in/email", { email: server.demo.email, password: server.demo.password });
    await this.#mint();
    const rounds: readonly (() => Promise<unknown>)[] = [
      async () => await this.#ask("key", "/v1/me", undefined, server.demo.apiKey),
      async () =>
        await this.#ask("key", "/v1/metrics/ingest", { samples: [{ metric: "up", timestamp: Date.now(), value: 1 }] }, server.demo.apiKey),
      async () => await this.#ask("session", "/v1/me"),
      async () => await this.#ask("session", "/v1/auth/get-session"),
      async () => await this.#ask("token", "/v1/me", undefined, this.#token),
      async () => {
        await this.#mint();
        await new Promise((later) => setTimeout(later, 100));
      },
    ];
    for (const round of rounds)
      this.#loops.push(
        (async () => {
          while (this.#going) await round();
        })(),
      );
  }

  get token(): string {
    return this.#token;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#loops);
  }

  async #mint(): Promise<void> {
    const body = { sub: "player-1", ttlSeconds: 3_600, grants: [{ kind: "metrics", name: "up", actions: ["read"] }] };
    const answer = await this.#ask("mint", "/v1/tokens", body, server.demo.apiKey);
    if (!answer) return;
    this.#token = ((await answer.json()) as { token: string }).token;
    this.kids.add(kidOf(this.#token).split(".")[1]?.split("-")[0] ?? "");
  }

  async #ask(kind: keyof Load["answered"], path: string, body?: object, bearer?: string): Promise<Response | undefined> {
    const headers = new Headers({ origin: server.url });
    if (bearer !== undefined) headers.set("authorization", `Bearer ${bearer}`);
    if (kind === "session") headers.set("cookie", this.cookie);
    if (body !== undefined) headers.set("content-type", "application/json");
    try {
      const answer = await fetch(`${server.url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        this.#cookies.set(name, value);
      }
      const text = await answer.clone().text();
      if (!answer.ok || text === "null") this.failures.push(`${kind} ${path}: ${answer.status} ${text.slice(0, 300)}`);
      else this.answered[kind] += 1;
      return answer.ok ? answer : undefined;
    } catch (error) {
      this.failures.push(`${kind} ${path}: ${String(error)}`);
      return undefined;
    }
  }
}

/** A live socket of this credential, and whether it is still open. */
async function openSocket(token: string): Promise<{ code: () => number | undefined; close: () => void }> {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/connect`, ["meridian.v1", `bearer.${token}`]);
  let code: number | undefined;
  socket.addEventListener("close", (event) => (code = event.code));
  await new Promise((welcomed, failed) => {
    socket.addEventListener("message", welcomed, { once: true });
    socket.addEventListener("error", failed, { once: true });
  });
  return { code: () => code, close: () => socket.close() };
}

it("[ND35] [ND30] [ND31] a ring is rotated under load: no request fails, no socket closes, and the old key can go", async () => {
  const load = new Load();
  const sockets: Awaited<ReturnType<typeof openSocket>>[] = [];
  const status = async () => {
    const answer = await fetch(`${server.url}/v1/platform/key-ring`, { headers: { cookie: load.cookie } });
    return (await answer.json()) as KeyRingStatus;
  };
  const pause = async (ms: number) => await new Promise((later) => setTimeout(later, ms));
  try {
    await load.start();
    expect(load.failures).toEqual([]);
    sockets.push(await openSocket(server.demo.apiKey), await openSocket(load.token));
    expect((await status()).current).toBe("k1");
    expect([...load.kids]).toEqual(["k1"]);
    expect((await keys("retire", "k1")).output).toContain("current key");

    const added = await keys("add");
    expect(added.output).toContain("The running node has loaded it.");
    expect((await status()).keys.map(({ id }) => id)).toEqual(["k1", "k2"]);
    const rotated = await keys("rotate");
    expect(rotated.output).toContain("The running node has loaded it.");
    expect(ring().current).toBe("k2");
    await expect.poll(async () => (await status()).reseal.state, { timeout: 60_000, interval: 200 }).toBe("done");
    expect(await status()).toMatchObject({ current: "k2", keys: [{ id: "k2" }, { id: "k1", inUse: 0 }] });
    expect((await keys("retire", "k1")).output).toContain("--now");

    // The objects sign with the new key as well: they are asked for one by what mints.
    await expect.poll(() => [...load.kids], { timeout: 30_000 }).toEqual(["k1", "k2"]);
    // Tokens in use are younger than this; sessions were signed anew when their holder looked at them.
    await pause(2_000);
    const retired = await keys("retire", "k1", "--now");
    expect(retired.output).toContain("The running node has loaded it.");
    expect(Object.keys(ring().keys)).toEqual(["k2"]);
    await pause(2_000);
    expect((await status()).keys.map(({ id }) => id)).toEqual(["k2"]);
  } finally {
    await load.stop();
  }
  expect(load.failures).toEqual([]);
  for (const [kind, count] of Object.entries(load.answered)) expect(count, kind).toBeGreaterThan(20);
  for (const socket of sockets) {
    expect(socket.code()).toBeUndefined();
    socket.close();
  }
});
