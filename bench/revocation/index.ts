import { parseArgs } from "node:util";
import { LIVE_SUBPROTOCOL } from "../../contract/live-codes.ts";
import { Meridian } from "../../sdk/client.ts";
import { removeState, startTestServer, type TestServer } from "../../tests/lib/server.ts";

/** How long after the request to revoke was sent; milliseconds. */
interface Times {
  /** The request's own answer. */
  readonly answered: number;
  /** Each socket's last word: the goodbye, after which the hub sends and takes nothing. */
  readonly goodbyes: number[];
  /** Each socket's end, the closing handshake and the connection behind it included. */
  readonly closes: number[];
  /** The first 401 for each token. */
  readonly requests: number[];
}

/** The bound, for sockets and requests alike. */
const BUDGET_MS = 2_000;
const PAUSE_MS = 20;

/**
 * Revokes people with open sockets and says how long each socket and each token lived on. `--sockets` (100), by chance over all hubs;
 * `--rounds` (5): one person with all sockets, then as many people revoked together by `tenant`, by turns.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { sockets: { type: "string", default: "100" }, rounds: { type: "string", default: "5" } },
  });
  const count = Number(values.sockets);
  const server = await startTestServer({ args: ["--quiet"] });
  try {
    const service = new Meridian({ url: server.url, key: server.demo.apiKey });
    const rows: string[] = [];
    for (const [name, people] of [
      ["one person", 1],
      ["everybody", count],
    ] as const) {
      const all: Times[] = [];
      for (let round = 0; round < Number(values.rounds); round++) {
        const tokens: string[] = [];
        for (let i = 0; i < count; i++) tokens.push((await service.tokens.mint({ sub: `r${round}-${i % people}` })).token);
        const what = people === 1 ? ({ kind: "subject", issuer: "minted", sub: `r${round}-0` } as const) : ({ kind: "tenant" } as const);
        all.push(await revoke(server, tokens, async () => void (await service.tokens.revoke(what))));
      }
      rows.push(
        row(
          `${name}: the answer`,
          all.map(({ answered }) => answered),
        ),
        row(
          `${name}: ${count} sockets cut off`,
          all.flatMap(({ goodbyes }) => goodbyes),
        ),
        row(
          `${name}: ${count} connections ended`,
          all.flatMap(({ closes }) => closes),
        ),
        row(
          `${name}: tokens refused`,
          all.flatMap(({ requests }) => requests),
        ),
      );
    }
    console.log("| after the request to revoke | median ms | largest ms |\n|---|---|---|");
    for (const line of rows) console.log(line);
    console.log(`\nThe bound is ${BUDGET_MS} ms.`);
  } finally {
    await server.stop();
    removeState(server);
  }
}

async function revoke(server: TestServer, tokens: readonly string[], act: () => Promise<void>): Promise<Times> {
  const open = await Promise.all(tokens.map(async (token) => await openSocket(server, token)));
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const goodbyes = Promise.all(open.map(async ({ goodbye }) => await goodbye.then(since)));
  const closes = Promise.all(open.map(async ({ closed }) => await closed.then(since)));
  const requests = Promise.all([...new Set(tokens)].slice(0, 10).map(async (token) => await refusedAt(server, token, since)));
  await act();
  const answered = since();
  return { answered, goodbyes: await goodbyes, closes: await closes, requests: await requests };
}

/** A socket past its welcome, and its last two moments. Like every client of ours it closes when it is told goodbye. */
async function openSocket(server: TestServer, token: string): Promise<{ readonly goodbye: Promise<void>; readonly closed: Promise<void> }> {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/connect`, [LIVE_SUBPROTOCOL, `bearer.${token}`]);
  const closed = new Promise<void>((done) => socket.addEventListener("close", () => done()));
  const goodbye = new Promise<void>((done) =>
    socket.addEventListener("message", ({ data }) => {
      if (!String(data).includes('"goodbye"')) return;
      done();
      socket.close(1000);
    }),
  );
  await new Promise<void>((done, fail) => {
    socket.addEventListener("message", () => done(), { once: true });
    socket.addEventListener("close", () => fail(new Error("a socket was refused")));
  });
  return { goodbye, closed };
}

async function refusedAt(server: TestServer, token: string, since: () => number): Promise<number> {
  for (;;) {
    const { status } = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    if (status === 401) return since();
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

function row(name: string, times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `| ${name} | ${Math.round(sorted[sorted.length >> 1] ?? 0)} | ${Math.round(sorted.at(-1) ?? 0)} |`;
}
