import type { EventMessage } from "../../contract/events.ts";

/** The event without what says who somebody is: consumers act on it once, and nothing that is kept holds it. */
export function withoutPersonal(event: EventMessage): EventMessage {
  if (!("personal" in event.data)) return event;
  const { personal: _, ...data } = event.data;
  return { ...event, data };
}

/** A message's body, whatever it is, without `data.personal`. */
export function bodyWithoutPersonal(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("data" in body)) return body;
  const { data } = body;
  if (typeof data !== "object" || data === null || !("personal" in data)) return body;
  const { personal: _, ...rest } = data;
  return { ...body, data: rest };
}

/** The ref of the end user that an event is about, by its subject. */
export function refOf(subject: string): string | undefined {
  return /^subject\/([A-Za-z0-9_-]{1,64})$/.exec(subject)?.[1];
}
