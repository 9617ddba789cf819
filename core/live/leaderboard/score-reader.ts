import * as z from "zod";
import { isPlayerId, isShown, LEADERBOARD_LIMITS as L, PARTITION_PATTERN } from "../../../contract/leaderboard-limits.ts";
import type { ImportLine, ScoreInput } from "../../../contract/leaderboard-scores.ts";
import type { ProblemSlug } from "../../../contract/problems.ts";

/** What is wrong with a score: the problem it would be alone, the field's JSON pointer within the score, and the way out. */
export interface ScoreFault {
  readonly slug: ProblemSlug;
  readonly pointer: string;
  readonly detail: string;
}

type Read<T> = { readonly ok: true; readonly score: T } | { readonly ok: false; readonly fault: ScoreFault };

const FIELDS: ReadonlySet<string> = new Set([
  "player",
  "name",
  "score",
  "delta",
  "subscore",
  "runId",
  "durationMs",
  "occurredAt",
  "partition",
  "metadata",
]);
const datetime = z.iso.datetime({ offset: true });
const encoder = new TextEncoder();

/**
 * Reads a score after `JSON.parse`, in one pass over its fields: what `scoreSchema` accepts, this accepts, at a small part of its cost.
 * A field `__proto__` in the metadata alone, which zod passes over, is refused.
 */
export function readScore(value: unknown): Read<ScoreInput> {
  return read(value, undefined) ?? accepted(value as ScoreInput); // every field was looked at
}

/** The same of a line of an import: `importLineSchema`. */
export function readImportLine(value: unknown): Read<ImportLine> {
  const fault =
    read(value, "runId") ??
    ((value as ScoreInput).occurredAt === undefined // an object by now
      ? refused("/occurredAt", "Say when it happened, such as 2026-11-20T18:00:00Z")
      : undefined);
  return fault ?? accepted(value as ImportLine); // every field was looked at
}

function accepted<T>(score: T): Read<T> {
  return { ok: true, score };
}

function refused(pointer: string, detail: string, slug: ProblemSlug = "invalid-body"): { readonly ok: false; readonly fault: ScoreFault } {
  return { ok: false, fault: { slug, pointer, detail } };
}

function read(value: unknown, without: string | undefined): { readonly ok: false; readonly fault: ScoreFault } | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refused("", "Send an object with `player` and `score`");
  const fields = value as Record<string, unknown>; // an object that JSON.parse made
  for (const name in fields)
    if (!FIELDS.has(name) || name === without) return refused(`/${escapePointer(name)}`, "This is not a field of a score; remove it");
  const { player, name, score, delta, subscore, runId, durationMs, occurredAt, partition, metadata } = fields;
  if (typeof player !== "string") return refused("/player", "Send the player's id as text");
  if (player.length > 512 || !isPlayerId(player))
    return refused("/player", `Send 1-${L.playerBytes} bytes without control characters, and not . or ..`, "invalid-id");
  if (name !== undefined && !isText(name, L.nameChars)) return refused("/name", `Send 1-${L.nameChars} characters, or leave it out`);
  if (typeof name === "string" && !isShown(name)) return refused("/name", "Send a name without control characters", "invalid-name");
  for (const [field, number] of [
    ["score", score],
    ["delta", delta],
    ["subscore", subscore],
  ] as const) {
    if (number === undefined) continue;
    if (typeof number !== "number") return refused(`/${field}`, "Send a number");
    if (!Number.isFinite(number)) return refused(`/${field}`, "Send a finite number", "score-out-of-range");
  }
  if ((score === undefined) === (delta === undefined)) return refused("/score", "Send either score or delta");
  if (runId !== undefined && !isText(runId, 64)) return refused("/runId", "Send the runId that the run began with");
  if (durationMs !== undefined && !isCount(durationMs, L.runMaxMs))
    return refused("/durationMs", `Send whole milliseconds from 0 to ${L.runMaxMs}`);
  if (occurredAt !== undefined && !datetime.safeParse(occurredAt).success)
    return refused("/occurredAt", "Send a time such as 2026-11-20T18:00:00Z");
  if (partition !== undefined && !isPartition(partition))
    return refused("/partition", `Send a partition's value, or at most ${L.partitions} of them`);
  return metadata === undefined ? undefined : metadataFault(metadata);
}

function metadataFault(metadata: unknown): { readonly ok: false; readonly fault: ScoreFault } | undefined {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return refused("/metadata", "Send an object");
  for (const name in metadata)
    if (name.length > 64 || name === "__proto__") return refused("/metadata", "Send names of at most 64 characters, and not __proto__");
  // Three bytes at most for a UTF-16 unit: most are judged without being encoded.
  const text = JSON.stringify(metadata);
  const fits = text.length * 3 <= L.metadataBytes || encoder.encode(text).byteLength <= L.metadataBytes;
  return fits ? undefined : refused("/metadata", `Send at most ${L.metadataBytes} bytes of metadata as JSON`, "payload-too-large");
}

function isText(value: unknown, chars: number): boolean {
  return typeof value === "string" && value !== "" && value.length <= chars;
}

function isCount(value: unknown, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}

function isPartition(value: unknown): boolean {
  if (Array.isArray(value)) return value.length <= L.partitions && value.every(isPartitionValue);
  return isPartitionValue(value);
}

function isPartitionValue(value: unknown): boolean {
  return typeof value === "string" && PARTITION_PATTERN.test(value);
}

function escapePointer(name: string): string {
  return name.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");
}
