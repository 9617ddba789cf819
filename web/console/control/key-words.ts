import type { Key } from "../../../contract/access.ts";
import type { Scope } from "../../../contract/permissions.ts";
import { formatWhen, plural } from "../../lib/format.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** A key that ends sooner than this is worth a look. */
const SOON_MS = 7 * 86_400_000;

export function endsSoon(key: Key, nowMs: number): boolean {
  return key.state === "active" && key.expiresAt !== null && Date.parse(key.expiresAt) - nowMs < SOON_MS;
}

/** When a key was last used. It is kept to the minute, which may begin before the key was made. */
export function lastUse({ lastUsedAt, createdAt }: Pick<Key, "lastUsedAt" | "createdAt">): string | null {
  return lastUsedAt !== null && Date.parse(lastUsedAt) < Date.parse(createdAt) ? createdAt : lastUsedAt;
}

export function keyTone(key: Key, nowMs: number): { tone: Tone; word: string } {
  if (key.state !== "active") return { tone: "muted", word: key.state };
  return endsSoon(key, nowMs) ? { tone: "warn", word: "expires soon" } : { tone: "ok", word: "active" };
}

export function keysHead(keys: readonly Key[], nowMs: number): { tone: Tone; headline: string; detail: string } {
  const active = keys.filter(({ state }) => state === "active");
  const soon = active.filter((key) => endsSoon(key, nowMs));
  const first = soon.toSorted((a, b) => (a.expiresAt ?? "").localeCompare(b.expiresAt ?? ""))[0];
  const unused = active.filter(({ lastUsedAt }) => lastUsedAt === null).length;
  const detail = first
    ? `${first.name} expires ${formatWhen(Date.parse(first.expiresAt ?? ""), nowMs)}${soon.length > 1 ? `, and ${soon.length - 1} more within a week` : ""}`
    : unused > 0
      ? `${unused} never used`
      : "none ends within a week";
  return { tone: soon.length > 0 ? "warn" : "ok", headline: plural(active.length, "active key"), detail };
}

/** What an agent's key needs. */
export const AGENT_SCOPES: readonly Scope[] = ["metrics:write", "agents:connect"];

/** What a key that is asked for from another page is for: its name and scopes are suggested. */
export const KEY_PURPOSES: Readonly<Partial<Record<string, { name: string; scopes: readonly Scope[] }>>> = {
  agent: { name: "host agents", scopes: AGENT_SCOPES },
  metrics: { name: "metrics sender", scopes: ["metrics:write"] },
};

/** How long a key may live, as the form offers it. */
export const LIFETIMES = [
  { name: "30 days", days: 30 },
  { name: "90 days", days: 90 },
  { name: "1 year", days: 365 },
  { name: "never", days: null },
] as const;
