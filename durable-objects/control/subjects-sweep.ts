import { DAY_MS, dayOf, SUBJECT_STORE_LIMITS as LIMITS } from "../../core/control/subject-limits.ts";
import { SUBJECT_LIMITS } from "../../contract/subject-id.ts";
import type { DirectoryDesk } from "./subjects-directory.ts";
import type { SubjectsParts } from "./subjects-parts.ts";

/** Removes what is over, a bounded slice of each kind, and sets the time of the next sweep while anything is left. */
export async function sweepExpired(parts: SubjectsParts, directory: DirectoryDesk, now: number): Promise<void> {
  const { kit, accounts, families, logins } = parts;
  const moreVerifications = await directory.sweep(now);
  kit.transaction(() => {
    const slices = [
      families.sweep(dayOf(now), LIMITS.sweepRows),
      families.sweepEnded(LIMITS.sweepRows),
      logins.sweepPlaces(dayOf(now - LIMITS.knownPlaceMs), LIMITS.sweepRows),
      accounts.sweepTombstones(now - LIMITS.tombstoneMs, LIMITS.sweepRows),
      accounts.sweepVoided(now - LIMITS.voidedMs, LIMITS.sweepRows),
    ];
    const next = nextEnd(parts);
    if (next === undefined) return;
    kit.timers.set(
      "expiry",
      moreVerifications || slices.includes(LIMITS.sweepRows) ? now + LIMITS.sliceMs : Math.max(next, now + LIMITS.sweepMs),
    );
  });
}

/** When the first of all that is kept for a time will be over. Days end with their last moment. */
function nextEnd({ accounts, directory, families, logins }: SubjectsParts): number | undefined {
  const ends = [
    later(directory.oldest(), SUBJECT_LIMITS.verificationTtlS * 1_000),
    later(families.firstEnd(), 1, DAY_MS),
    later(logins.oldestPlace(), LIMITS.knownPlaceMs / DAY_MS + 1, DAY_MS),
    later(accounts.oldestTombstone(), LIMITS.tombstoneMs),
    later(accounts.oldestVoided(), LIMITS.voidedMs),
  ].filter((at) => at !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function later(start: number | undefined, by: number, unitMs = 1): number | undefined {
  return start === undefined ? undefined : (start + by) * unitMs;
}
