import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { startPeer } from "../../tests/lib/peers.ts";
import { freePort } from "../../tests/lib/server.ts";
import { labelsOf, readExposition } from "../lib/exposition.ts";

/** What a real node_exporter said, scrape by scrape. */
export interface Recording {
  /** Label pairs of each series, sorted, with `__name__`. */
  readonly series: readonly (readonly (readonly [name: string, value: string])[])[];
  /** `values` has one per series, NaN where the scrape had none. */
  readonly scrapes: readonly { readonly atMs: number; readonly values: Float64Array }[];
}

interface Line {
  readonly atMs: number;
  readonly samples: readonly (readonly [series: string, value: string])[];
}

/** Scrapes a node_exporter of its own every second, as Prometheus does, into a file of JSON lines. */
export async function record(file: string, seconds: number): Promise<void> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const exporter = await startPeer("prometheus-node-exporter", [`--web.listen-address=${url.slice(7)}`], `${url}/metrics`);
  writeFileSync(file, "");
  try {
    const startMs = Date.now();
    for (let n = 0; n < seconds; n++) {
      await new Promise((later) => setTimeout(later, startMs + n * 1_000 - Date.now()));
      const atMs = Date.now();
      const text = await (await fetch(`${url}/metrics`)).text();
      // As text, because JSON has no NaN; scrapes begin a few milliseconds late, and that belongs to a real stream.
      const samples = readExposition(text).map(({ series, value }) => [series, String(value)] as const);
      appendFileSync(file, `${JSON.stringify({ atMs, samples } satisfies Line)}\n`);
    }
  } finally {
    await exporter.stop();
  }
}

/** Times come as Prometheus would store them: up to 2 ms beside the second they count as on it (its `--scrape.timestamp-tolerance`). */
export function readRecording(file: string): Recording {
  const known = new Map<string, number>();
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line); // written above
  for (const { samples } of lines) for (const [series] of samples) if (!known.has(series)) known.set(series, known.size);
  const firstMs = lines[0]?.atMs ?? 0;
  const scrapes = lines.map(({ atMs, samples }, i) => {
    const besideMs = atMs - (firstMs + i * 1_000);
    const values = new Float64Array(known.size).fill(Number.NaN);
    for (const [series, value] of samples) values[known.get(series) ?? 0] = Number(value);
    return { atMs: Math.abs(besideMs) <= 2 ? atMs - besideMs : atMs, values };
  });
  return { series: [...known.keys()].map(labelsOf), scrapes };
}
