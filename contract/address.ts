import { type RetryPolicy, retrying } from "./retry.ts";

/** Every kind of object. An object's name is `tenantId/kind/name`, each part percent-encoded. */
export const OBJECT_KINDS = [
  "tenant",
  "metrics",
  "hub",
  "agents",
  "attempts",
  "subjects",
  "leaderboard",
  "sorted-set",
  "room",
  "inbox",
  "realtime",
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

export interface ObjectAddress {
  readonly tenantId: string;
  readonly kind: ObjectKind;
  readonly name: string;
}

/** The tenant id of objects that belong to the deployment itself. No tenant can be created with it. */
export const PLATFORM_TENANT = "platform";

/** `tenantId/kind/name`, the whole isolation between tenants: two addresses never share a name. */
export function objectName(address: ObjectAddress): string {
  return [address.tenantId, address.kind, address.name].map(encodeURIComponent).join("/");
}

/** The reverse of {@link objectName}. @throws when the text is not a name that `objectName` makes */
export function parseObjectName(text: string): ObjectAddress {
  const parts = text.split("/").map(decodePart);
  const [tenantId, kind, name] = parts;
  const known = OBJECT_KINDS.find((candidate) => candidate === kind);
  if (parts.length === 3 && tenantId && known && name) {
    const address = { tenantId, kind: known, name };
    // One spelling only: a second name for the same address would be a second object.
    if (objectName(address) === text) return address;
  }
  throw new Error(`not an object name: ${text.slice(0, 100)}`);
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // a broken escape: no name of ours
  }
}

/** What this needs of a Durable Object namespace; `T` is the interface in `contract/rpc` that the object implements. */
export interface ObjectNamespace<T> {
  getByName(name: string, options?: { locationHint?: string }): T;
  jurisdiction?(jurisdiction: string): ObjectNamespace<T>;
}

/** Where a tenant's objects live: fixed at the tenant's creation. Ignored on a single node. */
export interface Placement {
  readonly locationHint?: string;
  readonly jurisdiction?: string;
}

/** A stub of the addressed object. Location hint and jurisdiction are applied here and nowhere else. */
export function objectAt<T>(namespace: ObjectNamespace<T>, address: ObjectAddress, placement: Placement = {}): T {
  const placed = placement.jurisdiction && namespace.jurisdiction ? namespace.jurisdiction(placement.jurisdiction) : namespace;
  return placed.getByName(objectName(address), placement.locationHint ? { locationHint: placement.locationHint } : {});
}

const RPC_RETRY: RetryPolicy = { baseMs: 50, capMs: 1_000, attempts: 4 };

/**
 * Calls an object and tries again with full jitter when the platform says that the call may be retried. An
 * overloaded object is left alone: a retry would add to its load. Give it a fresh stub per attempt, a broken
 * stub stays broken.
 */
export async function callObject<T>(attempt: () => Promise<T>): Promise<T> {
  return await retrying(
    RPC_RETRY,
    { sleep: (ms) => new Promise((done) => setTimeout(done, ms)), random: Math.random },
    isRetryable,
    attempt,
  );
}

function isRetryable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return "retryable" in error && error.retryable === true && !("overloaded" in error && error.overloaded === true);
}
