import { accept, type Outcome, refuse } from "../../contract/problems.ts";

/** A place in a channel's log. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

const EVENT_ID = /^([^:\s]{1,64}):(\d{1,15})$/;

/**
 * Where a client of server-sent events left off: `Last-Event-ID`, which an EventSource sends when it comes back, before `?lastEventId`,
 * which then still stands in its address. Undefined: it begins.
 */
export function positionOf(request: Request, lastEventId: string | undefined): Outcome<Position | undefined> {
  const text = request.headers.get("last-event-id")?.trim() || lastEventId;
  if (text === undefined || text === "") return accept(undefined);
  const [, epoch, offset] = EVENT_ID.exec(text) ?? [];
  if (epoch !== undefined && offset !== undefined) return accept({ epoch, offset: Number(offset) });
  return refuse("invalid-parameter", "Last-Event-ID is no id of an event of this stream. Leave it out to begin anew.");
}
