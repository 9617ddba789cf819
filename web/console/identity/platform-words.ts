import type { Backup, KeyRingStatus } from "../../../contract/platform.ts";
import { formatDuration, plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** Without a good backup for longer than this, somebody should look. */
const OLD_MS = 2 * 86_400_000;

/** The top line: is there a copy of everything, and is a rotation under way. Either part may not be known. */
export function platformHead(
  ring: KeyRingStatus | undefined,
  backups: readonly Backup[] | undefined,
  now: number,
): { tone: Tone; headline: string; detail: string } {
  const keys = ring ? ringWords(ring) : "the key ring is not known";
  if (!backups) return { tone: "info", headline: "Whether there is a backup is not known", detail: keys };
  const ofNode = backups.filter(({ scope }) => scope === "node").toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  const done = ofNode.find(({ state }) => state === "done");
  const last = ofNode.find(({ state }) => state !== "running");
  const age = done?.finishedAt ? now - Date.parse(done.finishedAt) : undefined;
  const good = age === undefined ? "there is no good one" : `the last good one is ${formatDuration(age)} old`;
  if (last?.state === "failed") {
    return { tone: "critical", headline: "The last backup failed", detail: `${last.problem ? `${last.problem}; ` : ""}${good}; ${keys}` };
  }
  if (age === undefined) return { tone: "warn", headline: "There is no backup of this node", detail: keys };
  if (age > OLD_MS) return { tone: "warn", headline: `The last backup is ${formatDuration(age)} old`, detail: keys };
  return { tone: "ok", headline: "Backed up", detail: `${formatDuration(age)} ago; ${keys}` };
}

/** What the ring is about, as a sentence's part. */
function ringWords({ keys, reseal }: KeyRingStatus): string {
  if (reseal.state === "running") return "the key ring is being rotated";
  const others = keys.filter(({ state }) => state !== "current");
  if (others.length === 0) return "the key ring is at rest";
  const left = others.filter(({ inUse }) => inUse !== 0).length;
  return left === 0 ? `${plural(others.length, "other key")} in the ring, not in use` : `${plural(left, "older key")} may still be needed`;
}

/** What a key of the ring is for, and what hangs on it. */
export function keyWords({ state, inUse }: KeyRingStatus["keys"][number]): string {
  if (state === "current") return inUse === null ? "seals what is new" : `seals what is new, in ${places(inUse)} so far`;
  if (inUse === null) return "not counted since the last change";
  // Just added, or read by nobody any more: the ring does not tell the two apart.
  return inUse === 0 ? "not in use: make it current, or retire it" : `at most ${places(inUse)} still to be made anew`;
}

/** How far the walk is that makes anew what older keys made. */
export function walkWords({ state, walked, resealed }: KeyRingStatus["reseal"]): string {
  if (state === "idle") return "not begun since the last change";
  return `${state === "running" ? "under way" : "done"}: ${places(walked)} looked at, ${resealed} made anew`;
}

/** What a key can hang on is objects, and rows of the database. */
function places(count: number): string {
  return plural(count, "object or row", "objects and rows");
}
