import type { Backup, KeyRingStatus } from "../../../contract/platform.ts";
import { formatDuration } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** Without a good backup for longer than this, somebody should look. */
const OLD_MS = 2 * 86_400_000;

/** The top line: is there a copy of everything, and is a rotation under way. */
export function platformHead(
  ring: KeyRingStatus,
  backups: readonly Backup[],
  now: number,
): { tone: Tone; headline: string; detail: string } {
  const done = backups.find(({ state, scope }) => state === "done" && scope === "node");
  const older = ring.keys.filter(({ state }) => state === "older").length;
  const keys =
    ring.reseal.state === "running"
      ? "the key ring is being rotated"
      : older === 0
        ? "the key ring is at rest"
        : `${older} older key${older === 1 ? "" : "s"} can be retired`;
  const newest = backups[0];
  if (newest?.state === "failed")
    return { tone: "critical", headline: "The last backup failed", detail: `${newest.problem ?? ""}; ${keys}` };
  if (!done?.finishedAt) return { tone: "warn", headline: "There is no backup of this node", detail: keys };
  const age = now - Date.parse(done.finishedAt);
  if (age > OLD_MS) return { tone: "warn", headline: `The last backup is ${formatDuration(age)} old`, detail: keys };
  return { tone: "ok", headline: "Backed up", detail: `${formatDuration(age)} ago; ${keys}` };
}
