import { type ObjectAddress, parseObjectName } from "../../contract/address.ts";
import { type EventMessage, eventMessageSchema, PROJECTED_DATA } from "../../contract/events.ts";

export interface ReadEvent {
  readonly event: EventMessage;
  /** The emitting object; undefined for state that lives in D1. */
  readonly source: ObjectAddress | undefined;
}

export interface Unread {
  /** `newer` was written by a later release and waits for the deploy to reach this consumer; waiting changes nothing else. */
  readonly kind: "unreadable" | "newer";
  readonly reason: string;
  /** Present when only `data` is wrong: then tenant, id and source can be trusted. */
  readonly envelope?: ReadEvent;
}

export type Reading = { readonly ok: true; readonly value: ReadEvent } | { readonly ok: false; readonly error: Unread };

/**
 * Reads a queue message. The tenant is believed only when the emitting object's name says the same: an event can never be
 * stored in another tenant's history.
 */
export function readEvent(body: unknown): Reading {
  const parsed = eventMessageSchema.safeParse(body);
  if (!parsed.success) {
    const newer = typeof body === "object" && body !== null && "v" in body && typeof body.v === "number" && body.v > 1;
    return unread({ kind: newer ? "newer" : "unreadable", reason: issueText(parsed.error.issues) });
  }
  const event = parsed.data;
  const source = sourceOf(event.source);
  if (source === null) return unread({ kind: "unreadable", reason: "source: not an object's name" });
  if (source && source.tenantId !== event.tenantId) {
    return unread({ kind: "unreadable", reason: "tenantId: not the tenant of the source" });
  }
  const data = isProjected(event.type) ? PROJECTED_DATA[event.type].safeParse(event.data) : undefined;
  if (data?.success === false) {
    return unread({ kind: "unreadable", reason: `data.${issueText(data.error.issues)}`, envelope: { event, source } });
  }
  return { ok: true, value: { event, source } };
}

export type ProjectedType = keyof typeof PROJECTED_DATA;

/** Whether D1 holds a projection made from events of this type. */
export function isProjected(type: string): type is ProjectedType {
  return type in PROJECTED_DATA;
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

function issueText(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const issue = issues[0];
  return issue ? `${issue.path.map(String).join(".") || "body"}: ${issue.message}`.slice(0, 300) : "not an event";
}

function unread(error: Unread): Reading {
  return { ok: false, error };
}
