import { signal } from "@preact/signals";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";

/** Players that this browser has starred; nobody else knows. As many as one lookup takes. */
export const friends = signal<readonly string[]>([]);

const KEY = "meridian arcade friends";

/** Reads what was starred here before. */
export function loadFriends(): void {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (Array.isArray(known)) friends.value = known.filter((id) => typeof id === "string").slice(0, LEADERBOARD_LIMITS.lookup);
  } catch {
    // no storage, or not ours in it: nobody is starred
  }
}

export function toggleFriend(player: string): void {
  const without = friends.value.filter((id) => id !== player);
  friends.value = without.length < friends.value.length ? without : [player, ...without].slice(0, LEADERBOARD_LIMITS.lookup);
  try {
    localStorage.setItem(KEY, JSON.stringify(friends.value));
  } catch {
    // no storage: starred until the page is left
  }
}
