import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Failpoint } from "../../contract/failpoints.ts";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { mulberry, type Random } from "../lib/random.ts";
import { type CrashServer, startCrashServer } from "./crash-server.ts";
import { type BoardVerdict, CRASH_BOARD, CRASH_CONFIG, judgeBoard } from "./leaderboard-judge.ts";
import { type Op, Ops, regionOf } from "./leaderboard-ops.ts";
import { BoardOracle } from "./leaderboard-oracle.ts";

export interface LeaderboardCrashOptions {
  readonly kills: number;
  readonly acksPerKill: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

export interface LeaderboardCrashReport extends BoardVerdict {
  readonly kills: readonly { readonly failpoint: Failpoint; readonly acks: number }[];
  /** Requests, and scores in them. */
  readonly acknowledged: number;
  readonly scores: number;
}

const POINTS = ["committed", "importing", "closing", "archiving", "sent"] as const satisfies readonly Failpoint[];
type Point = (typeof POINTS)[number];
/** Those that come when a day has ended. */
const isClosing = (point: Point): boolean => point === "closing" || point === "archiving";
/** Requests at once. */
const LANES = 32;
const DAY_MS = 86_400_000;
/** The server's clock begins in the morning of the first day, so that no day ends by itself. */
const MORNING_MS = 6 * 3_600_000;
/**
 * A further day begins shortly before the one before it closes, which it then does by itself, under load. What is due while a server
 * starts is reported only once it has started, when the failpoint holds no more.
 */
const BEFORE_CLOSING_MS = 12_000;
/** Beyond the outbox's resend after 30 s: what the broker forgot is due at once. */
const RESEND_LATER_MS = 60_000;
/** After midnight: before anything else of a day. */
const IMPORTED_AT_MS = 60_000;
/** Between two requests of a lane while time has to pass for a failpoint to be met. */
const PACE_MS = 200;
/** A failpoint that is never met must not hold the proof for ever. */
const MOST_ACKS = 20_000;

/**
 * The crash proof of leaderboards: plays on a board that sums, by single scores, batches and imports, kills the server at a seeded
 * failpoint, restarts it on the same state, and sends what was not acknowledged again under its old key; a day passes before each kill
 * in a closing. The oracle is addition: a ranking's scores are the sums of the deltas that were acknowledged, each once.
 */
export async function proveLeaderboards(options: LeaderboardCrashOptions): Promise<LeaderboardCrashReport> {
  for (const step of BUILD_STEPS) await runStep(step);
  const state = mkdtempSync(join(tmpdir(), "meridian-leaderboards-"));
  try {
    return await new LeaderboardCrash(options, state).run();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

class LeaderboardCrash {
  readonly #options: LeaderboardCrashOptions;
  readonly #state: string;
  readonly #ops: Ops;
  readonly #random: Random;
  readonly #oracle = new BoardOracle();
  /** Midnight before the first day. */
  readonly #firstMidnight: number;
  #offsetMs: number;
  #day = 0;
  /** Requests that were sent and not acknowledged. */
  readonly #open: Op[] = [];
  /** Windows of each day, as the first answer of the day says. */
  readonly #windows = new Map<number, readonly string[]>();
  readonly #unplaced: Op[] = [];
  #acknowledged = 0;

  constructor(options: LeaderboardCrashOptions, state: string) {
    this.#options = options;
    this.#state = state;
    this.#ops = new Ops(options.seed);
    this.#random = mulberry(options.seed + 1);
    this.#firstMidnight = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
    this.#offsetMs = this.#firstMidnight + MORNING_MS - Date.now();
  }

  async run(): Promise<LeaderboardCrashReport> {
    const { kills, log } = this.#options;
    const done: { failpoint: Failpoint; acks: number }[] = [];
    await this.#begin();
    for (let n = 0; n < kills; n++) {
      const failpoint = POINTS[n % POINTS.length] ?? "committed";
      const acks = await this.#kill(failpoint);
      done.push({ failpoint, acks });
      log(`kill ${n + 1}/${kills} at ${failpoint} after ${acks} acknowledged requests`);
    }
    this.#offsetMs += RESEND_LATER_MS;
    const last = await this.#start();
    try {
      await this.#send(last, 0);
      const verdict = await judgeBoard(last, this.#oracle);
      return { kills: done, acknowledged: this.#acknowledged, scores: this.#oracle.deltas, ...verdict };
    } finally {
      await last.kill();
    }
  }

  async #begin(): Promise<void> {
    const server = await this.#start();
    const body = JSON.stringify({ board: CRASH_BOARD, ...CRASH_CONFIG });
    const created = await call(server, "POST", "/v1/leaderboards", { body });
    if (!created.ok) throw new Error(`the board was refused: ${created.status} ${await created.text()}`);
    this.#open.push(this.#ops.nextImport(this.#day));
    await this.#send(server, 1);
    await server.kill();
  }

  get #midnight(): number {
    return this.#firstMidnight + this.#day * DAY_MS;
  }

  /** @returns how many were acknowledged before the kill, in the runs of the server that belong to it */
  async #kill(point: Point): Promise<number> {
    const { acksPerKill } = this.#options;
    const late = Math.floor((this.#random() * acksPerKill) / 5);
    if (point === "committed") {
      // A score may have events of its own, which are committed as well: half as many again are enough for both.
      const hit = Math.ceil(acksPerKill * 1.5) + LANES + late;
      return await this.#sendTo(point, await this.#start({ name: point, hit }), 0);
    }
    if (point === "importing") {
      const server = await this.#start({ name: point, hit: 1 + Math.floor(this.#random() * 2) });
      const acks = await this.#send(server, acksPerKill + late, { kill: false });
      this.#open.unshift(this.#ops.nextImport(this.#day));
      return acks + (await this.#sendTo(point, server));
    }
    const first = await this.#start();
    let acks = await this.#send(first, acksPerKill + late, { kill: false });
    if (isClosing(point)) {
      // Keys are known for a day: nothing may be left open when one passes.
      acks += await this.#send(first, 0);
      await first.kill();
      this.#day++;
      this.#offsetMs = this.#midnight + LEADERBOARD_LIMITS.graceMs - BEFORE_CLOSING_MS - Date.now();
      this.#open.push(this.#ops.nextImport(this.#day));
    } else await first.kill();
    // The first sends are those of the start: of what was on its way when the server before it was killed.
    const hit = (point === "sent" ? 5 : 1) + Math.floor(this.#random() * 2);
    return acks + (await this.#sendTo(point, await this.#start({ name: point, hit })));
  }

  /** Sends until the failpoint is met. */
  async #sendTo(point: Point, server: CrashServer, paceMs = PACE_MS): Promise<number> {
    let met = false;
    void server.killed.then(() => (met = true));
    const acks = await this.#send(server, MOST_ACKS, { kill: false, paceMs });
    const seen = met;
    await server.kill();
    if (!seen) throw new Error(`the failpoint ${point} was not met within ${acks} acknowledged requests`);
    return acks;
  }

  async #start(failpoint?: { readonly name: Failpoint; readonly hit: number }): Promise<CrashServer> {
    return await startCrashServer(this.#state, failpoint, this.#offsetMs);
  }

  /**
   * Sends from several lanes until the server is gone, or until so many are acknowledged and it is killed as it stands. With 0, sends
   * what is open and nothing new; then, and when told so, the server goes on.
   */
  async #send(server: CrashServer, mostAcks: number, { kill = mostAcks > 1, paceMs = 0 } = {}): Promise<number> {
    let acks = 0;
    let dead = false;
    void server.killed.then(() => (dead = true));
    const enough = (): boolean => (mostAcks === 0 ? this.#open.length === 0 : acks >= mostAcks);
    let inFlight = 0;
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        while (!dead && !(enough() && (mostAcks > 0 || inFlight === 0))) {
          const op = this.#open.shift() ?? (mostAcks === 0 ? undefined : this.#ops.next(this.#day));
          if (!op) {
            await pause(20);
            continue;
          }
          inFlight++;
          const isTaken = await this.#sendOne(server, op).finally(() => inFlight--);
          if (isTaken) {
            acks++;
            if (paceMs > 0 && !dead) await Promise.race([server.killed, pause(paceMs)]);
          } else {
            this.#open.push(op);
            if (!dead) await Promise.race([server.killed, pause(50)]);
          }
        }
      }),
    );
    if (kill) await server.kill();
    return acks;
  }

  /** @returns whether it was acknowledged; a broken connection is no answer */
  async #sendOne(server: CrashServer, op: Op): Promise<boolean> {
    let answer: { status: number; body: unknown };
    try {
      const response = await request(server, op, this.#firstMidnight + op.day * DAY_MS + IMPORTED_AT_MS);
      answer = { status: response.status, body: await response.json() };
    } catch {
      return false; // the connection broke: the server was killed
    }
    const { status, body } = answer;
    // A twin of a request that the kill cut off, or more at once than an isolate takes.
    if (status === 503 || (status === 409 && isProblem(body, "in-progress"))) return false;
    if (status !== 200 || !isWhole(body, op)) throw new Error(`a score was refused: ${status} ${JSON.stringify(body).slice(0, 500)}`);
    this.#note(op, body);
    return true;
  }

  #note(op: Op, body: unknown): void {
    this.#acknowledged++;
    if (op.kind === "single" && !this.#windows.has(op.day)) {
      const { windows } = body as { windows: { window: string }[] }; // the route's own tests hold the shape
      this.#windows.set(op.day, [...new Set(windows.map(({ window }) => window))]);
    }
    this.#unplaced.push(op);
    const placed = this.#unplaced.filter(({ day }) => this.#windows.has(day));
    if (placed.length === 0) return;
    for (const each of placed) this.#oracle.add(each, this.#windows.get(each.day) ?? []);
    this.#unplaced.splice(0, this.#unplaced.length, ...this.#unplaced.filter(({ day }) => !this.#windows.has(day)));
  }
}

/** @param importedAt when the scores of an import happened, epoch milliseconds */
async function request(server: CrashServer, { kind, key, deltas, suspicious }: Op, importedAt: number): Promise<Response> {
  const base = `/v1/leaderboards/${CRASH_BOARD}`;
  const items = deltas.map(({ player, delta }) => ({ player, delta, partition: regionOf(player) }));
  if (kind === "single") {
    const body = JSON.stringify({ ...items[0], durationMs: suspicious ? 1 : 60_000 });
    return await call(server, "POST", `${base}/scores`, { body, headers: { "idempotency-key": key } });
  }
  if (kind === "batch") return await call(server, "POST", `${base}/score-batches`, { body: JSON.stringify({ batchId: key, items }) });
  const occurredAt = new Date(importedAt).toISOString();
  const body = items.map((item) => JSON.stringify({ ...item, occurredAt })).join("\n");
  return await call(server, "POST", `${base}/imports?batchId=${key}`, { body, headers: { "content-type": "application/x-ndjson" } });
}

async function call(
  server: CrashServer,
  method: string,
  path: string,
  { body, headers = {} }: { readonly body: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  const authorization = `Bearer ${server.demo.apiKey}`;
  return await fetch(`${server.url}${path}`, { method, headers: { authorization, "content-type": "application/json", ...headers }, body });
}

/** Whether every score of the request was taken. */
function isWhole(body: unknown, { kind, deltas, suspicious }: Op): boolean {
  if (typeof body !== "object" || body === null) return false;
  if (kind === "single") return "verdict" in body && body.verdict === (suspicious ? "flagged" : "accepted");
  return kind === "batch" ? "accepted" in body && body.accepted === deltas.length : "imported" in body && body.imported === deltas.length;
}

function isProblem(body: unknown, slug: string): boolean {
  return typeof body === "object" && body !== null && "type" in body && String(body.type).endsWith(`/${slug}`);
}

async function pause(ms: number): Promise<void> {
  await new Promise((later) => setTimeout(later, ms));
}

/** `npm run soak -- leaderboards [--kills 20] [--acks 2000] [--seed n]` */
export async function soak(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "20" },
      acks: { type: "string", default: "2000" },
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) },
    },
  });
  const [kills, acksPerKill, seed] = [values.kills, values.acks, values.seed].map(Number) as [number, number, number]; // three of three
  console.log(`leaderboards: ${kills} kills, ${acksPerKill} acknowledged requests before each, --seed ${seed}`);
  const report = await proveLeaderboards({ kills, acksPerKill, seed, log: console.log });
  const { acknowledged, scores, rankings, rows, lookups, grants, events, faults } = report;
  console.log(
    `${acknowledged} requests with ${scores} scores acknowledged; ${rankings} rankings of ${rows} rows, ${lookups} single ranks, ${grants} rewards and ${events} events looked at, ${faults.length} wrong`,
  );
  if (faults.length === 0) return;
  console.error(faults.slice(0, 20).join("\n"));
  process.exitCode = 1;
}
