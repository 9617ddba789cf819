import * as z from "zod";
import { deadLetterSchema } from "../../contract/events.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { accept, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { findDeadLetter, listDeadLetters, markReplayed } from "./dead-letters-query.ts";
import { audited } from "../http/audited.ts";
import { readPosition } from "./events-cursor.ts";

const LIST = {
  method: "get",
  path: "/v1/dead-letters",
  action: "events:read",
  tag: "control",
  summary: "List events that could not be consumed, the latest failure first",
  query: pageQuerySchema,
  answer: { status: 200, schema: pageSchema(deadLetterSchema) },
} as const;

const REPLAY = {
  method: "post",
  path: "/v1/dead-letters/{id}/replay",
  action: "events:replay",
  tag: "control",
  summary: "Put a dead letter back on its queue",
  description: "Safe to repeat: consumers recognise an event they have had. A replay that fails again clears `replayedAt`.",
  params: z.object({ id: z.string().min(1).max(128) }),
  answer: { status: 200, schema: deadLetterSchema },
  problems: ["not-found"],
} as const;

export function registerDeadLettersRoutes(app: App): void {
  route(app, LIST, async ({ env, principal, query }) => {
    const after = readPosition(query.cursor, ["number", "string"]);
    return after.ok ? accept(await listDeadLetters(env.HISTORY, principal.tenantId, query.limit, after.value)) : after;
  });

  route(app, REPLAY, async (call) => {
    const { env, principal, params, meta, now } = call;
    const found = await findDeadLetter(env.HISTORY, principal.tenantId, params.id);
    if (!found) return refuse("not-found", "There is no dead letter with this id.");
    const { letter, body } = found;
    return await audited(tenantOf(call), meta, { action: "events.replay", target: `dead-letter/${letter.id}` }, async () => {
      // Sent before it is marked: a crash between the two leaves it to be replayed again, which is safe.
      await env.EVENTS.send(body, { contentType: "json" });
      await markReplayed(env.HISTORY, principal.tenantId, letter.id, now);
      return accept({ ...letter, replayedAt: new Date(now).toISOString() });
    });
  });
}
