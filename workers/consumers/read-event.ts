import { type ObjectAddress, parseObjectName } from "../../contract/address.ts";
import { type EventMessage, type EventType, eventMessageSchema, PROJECTED_DATA } from "../../contract/events.ts";

export interface ReadEvent {
  readonly event: EventMessage;
  /** The emitting object; undefined for state that lives in D1. */
  readonly source: ObjectAddress | undefined;
}

/**
 * `unreadable` is for good: no waiting will change it. `newer` was written by a release after this one and waits for the
 * deploy to reach this consumer.
 */
export type Unread = { readonly kind: "unreadable" | "newer"; readonly reason: string };

export type Reading = { readonly ok: true; readonly value: ReadEvent } | { readonly ok: false; readonly error: Unread };

/**
 * Reads a queue message. The tenant is believed only when the emitting object's name says the same: an event can never be
 * stored in another tenant's history.
 */
export function readEvent(body: unknown): Reading {
  const parsed = eventMessageSchema.safeParse(body);
  if (!parsed.success) {
    const newer = typeof body === "object" && body !== null && "v" in body && typeof body.v === "number" && body.v > 1;
    const issue = parsed.error.issues[0];
    return fail(newer ? "newer" : "unreadable", `${issue?.path.join(".") || "body"}: ${issue?.message ?? "not an event"}`);
  }
  const event = parsed.data;
  const source = sourceOf(event.source);
  if (source === null) return fail("unreadable", "source: not an object's name");
  if (source && source.tenantId !== event.tenantId) return fail("unreadable", "tenantId: not the tenant of the source");
  const data = schemaOf(event.type)?.safeParse(event.data);
  if (data?.success === false) {
    const issue = data.error.issues[0];
    return fail("unreadable", `data.${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not what the type says"}`);
  }
  return { ok: true, value: { event, source } };
}

function schemaOf(type: string) {
  return type in PROJECTED_DATA ? PROJECTED_DATA[type as EventType & keyof typeof PROJECTED_DATA] : undefined; // just found in it
}

/** The address in a source, undefined for `d1/{table}`, null for what is neither. */
function sourceOf(source: string): ObjectAddress | undefined | null {
  if (source.startsWith("d1/")) return undefined;
  try {
    return parseObjectName(source);
  } catch {
    return null; // not a name that `objectName` makes: the caller refuses the event
  }
}

function fail(kind: Unread["kind"], reason: string): Reading {
  return { ok: false, error: { kind, reason: reason.slice(0, 300) } };
}
