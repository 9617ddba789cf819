import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { findPeer, PEER_INSTALL } from "../../tests/lib/peers.ts";
import { measureBytes } from "./bytes.ts";
import { type Size, SIZES, writeRequests } from "./dataset.ts";
import { readAnswer } from "./answers.ts";
import { BENCH_QUESTIONS, type BenchQuestion } from "./questions.ts";
import { type Store, startStores } from "./stores.ts";

/** Milliseconds of one question to one store. */
interface Times {
  /** A question that was never asked, of a store that has answered others. */
  readonly fresh: number[];
  /** The same again: caches of answers may help. */
  readonly again: number[];
  /** The first of another process on the same disk, once it has said that it is ready. */
  readonly cold: number[];
  /** The same, counted from the start of that process. */
  readonly fromStart: number[];
}

/**
 * The same samples in Meridian, Prometheus and VictoriaMetrics, the same questions of all three, by turns. `--size small|full`,
 * `--seconds` (3) for each question and kind, `--restarts` (3), `--question` a part of the title of those to ask. `--only bytes` measures bytes per point instead, with
 * `--recording <file>` or `--record <seconds>` of scrapes of a node_exporter.
 */
export async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      size: { type: "string", default: "full" },
      seconds: { type: "string", default: "3" },
      restarts: { type: "string", default: "3" },
      only: { type: "string", default: "queries" },
      question: { type: "string", default: "" },
      recording: { type: "string" },
      record: { type: "string", default: "300" },
    },
  });
  const isSize = (text: string): text is keyof typeof SIZES => Object.hasOwn(SIZES, text);
  if (!isSize(flags.size)) throw new Error(`--size is one of ${Object.keys(SIZES).join(", ")}`);
  const missing = (["prometheus", "promtool", "prometheus-node-exporter", "victoria-metrics"] as const).filter((name) => !findPeer(name));
  if (missing.length > 0) {
    console.error(`${missing.join(", ")} not found. To get them:\n  ${PEER_INSTALL}`);
    process.exit(2);
  }
  if (flags.only === "bytes") return await measureBytes(flags.recording, Number(flags.record));
  const size = SIZES[flags.size];
  const questions = BENCH_QUESTIONS.filter(({ title }) => title.includes(flags.question));
  // Every start of a program listens for our end once more.
  process.setMaxListeners(200);
  const nowMs = Math.floor(Date.now() / 60_000) * 60_000;
  const stores = await startStores();
  try {
    for (const store of stores) await store.loadHistory(size, nowMs);
    let requests = 0;
    for (const body of writeRequests(size, nowMs)) {
      requests++;
      for (const store of stores) await store.write(body);
    }
    console.log(`${requests} remote-write requests to each of three stores; ${cpus().length} cores with the client on them`);
    const times = new Map(stores.map((store) => [store, questions.map((): Times => ({ fresh: [], again: [], cold: [], fromStart: [] }))]));
    await compare(stores, questions, size, nowMs);
    for (const [n, question] of questions.entries()) {
      const range = question.range(size, nowMs);
      for (const kind of ["fresh", "again"] as const)
        for (const store of stores) {
          const samples = times.get(store)?.[n]?.[kind] ?? [];
          const nonce = (i: number) => (kind === "fresh" ? `f${n}-${i}` : "again");
          for (let i = -3; i < 0; i++) await store.ask(question, range, nonce(i));
          const end = performance.now() + Number(flags.seconds) * 1_000;
          for (let i = 0; i < 5 || (performance.now() < end && i < 500); i++)
            samples.push(await timed(async () => await store.ask(question, range, nonce(i))));
        }
    }
    const ready = new Map(stores.map((store): [Store, number[]] => [store, []]));
    for (let round = 0; round < Number(flags.restarts); round++)
      for (const [n, question] of questions.entries())
        for (const store of stores) {
          const readyMs = await store.restart();
          const firstMs = await timed(async () => await store.ask(question, question.range(size, nowMs), `c${round}`));
          ready.get(store)?.push(readyMs);
          times.get(store)?.[n]?.cold.push(firstMs);
          times.get(store)?.[n]?.fromStart.push(readyMs + firstMs);
        }
    print(stores, questions, times);
    const took = stores.map((store) => `${store.name} ${cell(ready.get(store) ?? [], 0.5)} (${cell(ready.get(store) ?? [], 1)} at most)`);
    console.log(`\nready after, milliseconds from the start of the process, medians: ${took.join(", ")}`);
  } finally {
    for (const store of stores) await store.stop();
  }
}

/** One round that is not measured, and shows whether all have the same to say. */
async function compare(stores: readonly Store[], questions: readonly BenchQuestion[], size: Size, nowMs: number): Promise<void> {
  console.log("\n| question | store | series | values | their sum |\n|---|---|---|---|---|");
  for (const question of questions)
    for (const store of stores) {
      const { series, values, sum } = readAnswer(await store.ask(question, question.range(size, nowMs), "first"));
      console.log(`| ${question.title} | ${store.name} | ${series} | ${values} | ${sum.toPrecision(9)} |`);
    }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function print(stores: readonly Store[], questions: readonly BenchQuestion[], times: ReadonlyMap<Store, readonly Times[]>): void {
  console.log(
    "\n| question | store | new p50 ms | p99 | again p50 | p99 | first once ready, median | most | first from process start, median |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|");
  for (const [n, { title }] of questions.entries())
    for (const store of stores) {
      const { fresh = [], again = [], cold = [], fromStart = [] } = times.get(store)?.[n] ?? {};
      const cells = [
        ...[fresh, again].flatMap((kind) => [cell(kind, 0.5), cell(kind, 0.99)]),
        cell(cold, 0.5),
        cell(cold, 1),
        cell(fromStart, 0.5),
      ];
      console.log(`| ${title} | ${store.name} | ${cells.join(" | ")} |`);
    }
  const [own, ...peers] = stores;
  console.log("\n| Meridian's time over | question | new p50 | p99 | again p50 | p99 | first once ready | from process start |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const peer of peers)
    for (const [n, { title }] of questions.entries()) {
      const [ours, theirs] = [own && times.get(own)?.[n], times.get(peer)?.[n]];
      if (!ours || !theirs) continue;
      const ratio = (kind: keyof Times, q: number) => (quantile(ours[kind], q) / quantile(theirs[kind], q)).toFixed(2);
      const cells = [
        ratio("fresh", 0.5),
        ratio("fresh", 0.99),
        ratio("again", 0.5),
        ratio("again", 0.99),
        ratio("cold", 0.5),
        ratio("fromStart", 0.5),
      ];
      console.log(`| ${peer.name}'s | ${title} | ${cells.join(" | ")} |`);
    }
}

function cell(values: readonly number[], q: number): string {
  return quantile(values, q).toFixed(1);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
