import { cloudEventSchema, eventQuerySchema, spineStatusSchema } from "../../contract/events.ts";
import { pageSchema } from "../../contract/pages.ts";
import { accept, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { readPosition } from "./events-cursor.ts";
import { listEvents } from "./events-query.ts";
import { spineStatus } from "./events-status.ts";

const LIST = {
  method: "get",
  path: "/v1/events",
  action: "events:read",
  tag: "control",
  summary: "List events, the newest first",
  description: "Events of the last 30 days as CloudEvents; older ones are in the archive. Events of the aggregate class are only counted.",
  query: eventQuerySchema,
  answer: { status: 200, schema: pageSchema(cloudEventSchema) },
} as const;

const STATUS = {
  method: "get",
  path: "/v1/events/status",
  action: "events:read",
  tag: "control",
  summary: "How far events are on their way from the objects to the history",
  answer: { status: 200, schema: spineStatusSchema },
} as const;

export function registerEventsRoutes(app: App): void {
  route(app, LIST, async ({ env, principal, query }) => {
    if (query.from !== undefined && query.to !== undefined && Date.parse(query.from) >= Date.parse(query.to)) {
      const errors = [{ pointer: "?from", detail: "Give a time before `to`." }];
      return refuse("invalid-parameter", "The time range is empty: `from` has to be before `to`.", { errors });
    }
    const after = readPosition(query.cursor, ["string"]);
    return after.ok ? accept(await listEvents(env.HISTORY, principal.tenantId, query, after.value?.[0])) : after;
  });
  route(app, STATUS, async ({ env, principal, now }) => accept(await spineStatus(env, principal.tenantId, now)));
}
