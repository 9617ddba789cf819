import type { BoardStats } from "../../../contract/leaderboard-reads.ts";

/** Seconds that the lines of the live panel reach back. */
export const TRACK_S = 120;

/** One value a second, the oldest first; null where nothing was heard. */
export interface Tracks {
  /** Epoch second of the newest value. */
  readonly second: number;
  readonly scores: readonly (number | null)[];
  readonly players: readonly (number | null)[];
  readonly roundTrip: readonly (number | null)[];
}

export const NO_TRACKS: Tracks = { second: 0, scores: [], players: [], roundTrip: [] };

/** Figures enter the second they are of; seconds without any stay gaps, and a second one of the same second replaces the first. */
export function addPoint(
  tracks: Tracks,
  stats: Pick<BoardStats, "at" | "scoresPerSecond" | "activePlayers">,
  roundTripMs: number | undefined,
): Tracks {
  const second = Math.floor(Date.parse(stats.at) / 1_000);
  if (second < tracks.second) return tracks;
  const ahead = tracks.second === 0 ? TRACK_S : second - tracks.second;
  const add = (track: readonly (number | null)[], value: number | null) => {
    const kept = ahead === 0 ? track.slice(0, -1) : track;
    const gaps = Array.from({ length: Math.min(TRACK_S, Math.max(0, ahead - 1)) }, () => null);
    return [...kept, ...gaps, value].slice(-TRACK_S);
  };
  return {
    second,
    scores: add(tracks.scores, stats.scoresPerSecond),
    players: add(tracks.players, stats.activePlayers),
    roundTrip: add(tracks.roundTrip, roundTripMs ?? null),
  };
}

/** A line without holes where fewer seconds than this lie between two values: the panel hears each second at best, each five at worst. */
const BRIDGED_S = 6;

/** Carries a value over short silences, so that what is heard each five seconds is a line and no row of dots. */
export function bridged(track: readonly (number | null)[]): (number | null)[] {
  let last: number | null = null;
  let silent = 0;
  return track.map((value) => {
    if (value !== null) {
      last = value;
      silent = 0;
      return value;
    }
    silent++;
    return silent < BRIDGED_S ? last : null;
  });
}
