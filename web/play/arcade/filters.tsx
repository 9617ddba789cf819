import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { BoardConfig } from "../../../contract/leaderboards.ts";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { place, setQuery } from "../../lib/location.ts";
import { readQuery } from "../../lib/url-state.ts";
import { Button } from "../../ui/button.tsx";
import type { Following } from "./follow-board.ts";

const PAUSE_MS = 250;

/** Which part of the ranking: a region, friends only, or who has a name that begins so. */
export function Filters({
  partitions,
  region,
  following,
}: {
  partitions: BoardConfig["partitions"];
  region: string | undefined;
  following: Following;
}) {
  const { search } = place.value;
  const q = readQuery(search, "q");
  const typed = useSignal(q);
  useEffect(() => {
    if (typed.value.trim() === q) return;
    const timer = setTimeout(() => setQuery({ q: typed.value.trim() }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const onlyFriends = readQuery(search, "who") === "friends";
  return (
    <div class="arcade-filters">
      {partitions.map(({ key, values }) => (
        <select key={key} aria-label={key} value={region ?? ""} onChange={({ currentTarget: { value } }) => setQuery({ region: value })}>
          <option value="">Every {key}</option>
          {values.map((value) => (
            <option key={value} value={value}>
              {value}
            </option>
          ))}
        </select>
      ))}
      <Button pressed={onlyFriends} onClick={() => setQuery({ who: onlyFriends ? null : "friends", q: null })}>
        Friends
      </Button>
      <input
        type="search"
        aria-label="Search by name"
        placeholder="Search by name"
        maxLength={LEADERBOARD_LIMITS.nameChars}
        value={typed.value}
        onInput={({ currentTarget: { value } }) => (typed.value = value)}
      />
      <span class="muted arcade-light" role="status">
        {following === "live" ? "Live" : "Every 5 s"}
      </span>
    </div>
  );
}
