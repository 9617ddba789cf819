import type { AuditEntry } from "../../contract/access.ts";
import type { AuditPosition } from "../../contract/rpc/tenant.ts";

/** SHA-256 of the text's UTF-8 bytes as 64 hex digits, computed synchronously. */
export type Sha256Hex = (text: string) => string;

/** What an entry says, before it is chained. `at` is epoch milliseconds. */
export interface AuditContent {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly actorName: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: AuditEntry["outcome"];
  readonly detail: Readonly<Record<string, unknown>>;
  readonly requestId: string;
}

export interface ChainedEntry extends AuditContent {
  readonly previousHash: string;
  readonly hash: string;
}

export const AUDIT_LIMITS = {
  /** Characters of a target; it names one thing. */
  targetChars: 512,
  /** Characters of one text in the detail; longer ones are cut. */
  detailTextChars: 500,
  /** Characters of the whole detail as JSON; a larger one is replaced, an audit entry is not a store. */
  detailChars: 4_096,
  /** Entries that one slice of a verification reads and hashes. */
  verifySlice: 2_000,
  /** Entries that one page of a filtered list looks at; the page may be short and still have a next one. */
  scan: 5_000,
} as const;

/** What the first entry points back to. */
export const CHAIN_START: AuditPosition = { seq: 0, hash: "0".repeat(64) };

/** Puts the content behind the head of the chain; oversized parts are cut before they are hashed. */
export function chainEntry(head: AuditPosition, content: Omit<AuditContent, "seq">, sha256Hex: Sha256Hex): ChainedEntry {
  const entry: AuditContent = {
    seq: head.seq + 1,
    at: content.at,
    actor: content.actor,
    actorName: storable(content.actorName, AUDIT_LIMITS.detailTextChars),
    action: content.action,
    target: storable(content.target, AUDIT_LIMITS.targetChars),
    outcome: content.outcome,
    detail: boundedDetail(content.detail),
    requestId: content.requestId,
  };
  return { ...entry, previousHash: head.hash, hash: entryHash(entry, head.hash, sha256Hex) };
}

/** SHA-256 over the canonical JSON of the content and the previous hash: changing any field of any entry breaks every hash after it. */
export function entryHash(content: AuditContent, previousHash: string, sha256Hex: Sha256Hex): string {
  const { seq, at, actor, actorName, action, target, outcome, detail, requestId } = content;
  return sha256Hex(canonicalJson({ seq, at, actor, actorName, action, target, outcome, detail, requestId, previousHash }));
}

/**
 * Follows a run of entries from a position known to be good.
 * @returns how many were looked at, the number of the first that does not follow (an absent entry is named by its own number), and the last good position
 */
export function followChain(
  from: AuditPosition,
  entries: readonly ChainedEntry[],
  sha256Hex: Sha256Hex,
): { checked: number; firstBroken: number | null; last: AuditPosition } {
  let last = from;
  let checked = 0;
  for (const entry of entries) {
    checked++;
    const follows = entry.seq === last.seq + 1 && entry.previousHash === last.hash;
    if (!follows || entry.hash !== entryHash(entry, last.hash, sha256Hex)) return { checked, firstBroken: last.seq + 1, last };
    last = { seq: entry.seq, hash: entry.hash };
  }
  return { checked, firstBroken: null, last };
}

/** Compares the end of the stored entries with the head that was kept apart: entries cut off the end, or put there, show here. */
export function brokenAtEnd(end: AuditPosition, head: AuditPosition): number | null {
  if (end.seq === head.seq) return end.hash === head.hash ? null : end.seq;
  return Math.min(end.seq, head.seq) + 1;
}

/**
 * JSON with sorted keys and no spaces, so that equal contents have equal text whoever wrote the object
 * (the idea of RFC 8785, for the values that JSON.parse can return).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}

/**
 * What is hashed must be what comes back from storage, and that keeps no half of a surrogate pair: neither one that a
 * person put into their name nor one that the cut makes. In the detail, halves are escapes of its JSON.
 */
function storable(text: string, maxChars: number): string {
  return text.slice(0, maxChars).toWellFormed();
}

function boundedDetail(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  // For the same reason the detail goes through JSON once before it is hashed.
  const text = JSON.stringify(detail, (_, field: unknown) =>
    typeof field === "string" ? field.slice(0, AUDIT_LIMITS.detailTextChars) : field,
  );
  if (text.length > AUDIT_LIMITS.detailChars) return { omitted: "the detail was too long" };
  return JSON.parse(text) as Record<string, unknown>; // it was made from a record two lines above
}
