import { isDeepStrictEqual } from "node:util";
import { LEADERBOARD_LIMITS as L } from "../../contract/leaderboard-limits.ts";
import { importLineSchema, scoreBatchSchema, scoreSchema } from "../../contract/leaderboard-scores.ts";
import { readBatch } from "../../core/live/leaderboard/batch-reader.ts";
import { ImportReader, type ReadLine } from "../../core/live/leaderboard/import-reader.ts";
import { bent, mulberry, pick, type Random } from "../lib/random.ts";

const encoder = new TextEncoder();
/** Beyond it the readers refuse what the schemas, which walk no text, would not. */
const SHALLOW = 32;

export interface ScoreFuzzReport {
  /** Bodies that were read as batches, with items that were scores and items that were none: a run of refusals alone would prove little. */
  batches: number;
  scores: number;
  faults: number;
  refused: number;
  /** Lines of imports, and those that were scores. */
  lines: number;
  imported: number;
}

/**
 * Fuzzes what reads scores out of bytes: batches and imports are made, bent, and read, and the answer held against `JSON.parse` and the
 * schemas, item by item and line by line.
 * @throws with seed and run when a body breaks a promise
 */
export function fuzz(seed: number, runs: number): ScoreFuzzReport {
  const random = mulberry(seed);
  const report = { batches: 0, scores: 0, faults: 0, refused: 0, lines: 0, imported: 0 };
  for (let run = 0; run < runs; run++) {
    const isImport = random() < 0.4;
    const body = bytesOf(isImport ? makeLines(random) : makeBatch(random), random);
    try {
      if (isImport) checkImport(body, random, report);
      else checkBatch(body, report);
    } catch (error) {
      const text = new TextDecoder().decode(body).slice(0, 2_000);
      throw new Error(`seed ${seed}, run ${run}: ${error instanceof Error ? error.message : String(error)}\n${text}`, { cause: error });
    }
  }
  return report;
}

function checkBatch(body: Uint8Array, report: ScoreFuzzReport): void {
  const read = readBatch(body);
  const json = parse(body)?.value;
  const whole = scoreBatchSchema.safeParse(json);
  if (!read.ok) {
    same(whole.success, false, "whether it is a batch");
    report.refused++;
    return;
  }
  const { items } = read.value;
  const sent = (json as { readonly items: readonly unknown[] }).items; // it was read as a batch
  same(items.length, sent.length, "number of items");
  for (const [index, item] of items.entries()) {
    const model = hasProto(sent[index]) ? undefined : scoreSchema.safeParse(sent[index]).data;
    same(item.ok ? item.score : undefined, model, `item ${index}`);
    report[item.ok ? "scores" : "faults"]++;
  }
  if (items.every(({ ok }) => ok)) same(read.value.batchId, whole.data?.batchId, "batch id");
  report.batches++;
}

function checkImport(body: Uint8Array, random: Random, report: ScoreFuzzReport): void {
  const read = readAll(new ImportReader(body));
  const model = linesOf(body);
  same(
    read.map(({ line, ok }) => [line, ok]),
    model.map(({ line, score }) => [line, score !== undefined]),
    "lines",
  );
  for (const [index, each] of read.entries()) if (each.ok) same(each.score, model[index]?.score, `line ${each.line}`);
  // What goes on after a line sees what is behind it, and nothing else.
  const after = Math.floor(random() * (read.length + 2));
  same(
    readAll(new ImportReader(body, after)),
    read.filter(({ line }) => line > after),
    `lines after ${after}`,
  );
  report.lines += read.length;
  report.imported += read.filter(({ ok }) => ok).length;
}

function readAll(reader: ImportReader): ReadLine[] {
  const lines: ReadLine[] = [];
  for (let line = reader.read(); line !== undefined; line = reader.read()) lines.push(line);
  return lines;
}

/** What the plain way makes of an import: cut at line feeds, parsed, held against the schema. */
function linesOf(body: Uint8Array): { line: number; score: unknown }[] {
  const lines: { line: number; score: unknown }[] = [];
  const texts = Buffer.from(body).toString("latin1").split("\n");
  for (const [index, text] of texts.entries()) {
    if (/^[ \t\r]*$/.test(text)) continue;
    const json = text.length > L.importLineBytes ? undefined : parse(Buffer.from(text, "latin1"));
    const isScore = json !== undefined && !hasProto(json.value);
    lines.push({ line: index + 1, score: isScore ? importLineSchema.safeParse(json.value).data : undefined });
  }
  return lines;
}

function parse(bytes: Uint8Array): { readonly value: unknown } | undefined {
  if (bytes.byteLength > L.batchBytes) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return isDeep(text) ? undefined : { value: JSON.parse(text) as unknown };
  } catch {
    return undefined; // no UTF-8 or no JSON
  }
}

function isDeep(text: string): boolean {
  let depth = 0;
  let deepest = 0;
  for (const char of text) {
    if (char === "[" || char === "{") depth++;
    if (char === "]" || char === "}") depth--;
    deepest = Math.max(deepest, depth);
  }
  return deepest > SHALLOW;
}

/** The schemas pass over such a field of the metadata; the readers refuse it. */
function hasProto(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("metadata" in value)) return false;
  const { metadata } = value;
  return typeof metadata === "object" && metadata !== null && Object.hasOwn(metadata, "__proto__");
}

function same(a: unknown, b: unknown, what: string): void {
  if (!isDeepStrictEqual(a, b))
    throw new Error(`${what} differ: ${JSON.stringify(a)?.slice(0, 500)} and ${JSON.stringify(b)?.slice(0, 500)}`);
}

function makeBatch(random: Random): string {
  const items = Array.from({ length: Math.floor(random() * 5) }, () => makeScore(random));
  const id = mostly(random, ['"b-1"', '"ä"', '"a\\"b"'], ['""', "5", "null", `"${"x".repeat(200)}"`, `"${"x".repeat(201)}"`]);
  const fields = [`"batchId":${id}`, `"items":${random() < 0.95 ? `[${items.join(",")}]` : pick(random, ["{}", "null", "[[]]", '"x"'])}`];
  if (random() < 0.05) fields.reverse();
  if (random() < 0.03) fields.push(pick(random, ['"extra":1', '"batchId":"again"', '"__proto__":{}', '"items":[]']));
  return `{${fields.join(",")}}${random() < 0.05 ? pick(random, ["\n", " \t\r\n", "x", "\0"]) : ""}`;
}

function makeLines(random: Random): string {
  const lines = Array.from({ length: Math.floor(random() * 8) }, () =>
    random() < 0.1 ? pick(random, ["", "  ", "\t\r", "x", "[]", "null", "{}", " ".repeat(L.importLineBytes + 1)]) : makeScore(random),
  );
  return lines.join(pick(random, ["\n", "\n", "\r\n", "\n\n"]));
}

function makeScore(random: Random): string {
  const fields = [
    `"player":${mostly(random, ['"ann"', '"ä"', '"a b"', `"${"é".repeat(64)}"`], ['""', "5", '"a\\nb"', '"\\ud800"', `"${"é".repeat(65)}"`, "null"])}`,
    `"${random() < 0.8 ? "score" : "delta"}":${numberOf(random)}`,
  ];
  const optional: (() => string)[] = [
    () => `"name":${mostly(random, ['"Ann"', `"${"n".repeat(L.nameChars)}"`], ['""', "1", `"${"n".repeat(L.nameChars + 1)}"`])}`,
    () => `"subscore":${numberOf(random)}`,
    () => `"runId":${mostly(random, ['"r"'], ['""', "1", `"${"r".repeat(65)}"`])}`,
    () => `"durationMs":${mostly(random, ["0", "600000", "86400000"], ["-1", "1.5", "86400001", '"1"', "1e3"])}`,
    () =>
      `"occurredAt":${mostly(random, ['"2026-11-20T18:00:00Z"', '"2026-11-20T18:00:00.5+01:00"'], ['"2026-13-20T18:00:00Z"', '"2026-11-20"', "5", '""'])}`,
    () => `"partition":${mostly(random, ['"eu"', '["eu","phone"]', "[]"], ['"EU"', '["a","b","c","d","e"]', "[5]", "{}", '"2026"'])}`,
    () =>
      `"metadata":${mostly(random, ["{}", '{"map":"q3","n":[1,{"x":null}]}'], ["[]", "null", `{"${"k".repeat(65)}":1}`, '{"__proto__":1}', `{"a":"${"x".repeat(1_024)}"}`, `${'{"a":'.repeat(34)}1${"}".repeat(34)}`])}`,
    () => '"extra":1',
  ];
  for (const field of optional) if (random() < 0.15) fields.push(field());
  // An import's line needs its time.
  if (random() < 0.6 && !fields.some((field) => field.startsWith('"occurredAt"'))) fields.push('"occurredAt":"2026-11-20T18:00:00Z"');
  if (random() < 0.02) fields.splice(Math.floor(random() * 2), 1);
  if (random() < 0.03) fields.push('"score":5');
  return `{${fields.join(random() < 0.05 ? " , " : ",")}}`;
}

function numberOf(random: Random): string {
  const usual = [String(Math.floor(random() * 1e6)), "0", "-0", "-2.5", "1e3", String(random())];
  return mostly(random, usual, ["1e999", "-1e999", '"1"', "null", "01", "NaN", "9007199254740993", "true"]);
}

function mostly(random: Random, usual: readonly string[], odd: readonly string[]): string {
  return pick(random, random() < 0.93 ? usual : odd);
}

function bytesOf(text: string, random: Random): Uint8Array {
  const bytes = encoder.encode(text);
  return random() < 0.7 ? bytes : bent(bytes, random);
}
