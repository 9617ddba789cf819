import { z } from "@hono/zod-openapi";
import { accept, refuse } from "../../contract/problems.ts";
import { connectionSchema, realtimeStatsSchema } from "../../contract/realtime.ts";
import type { App } from "../http/app.ts";
import { audited } from "../http/audited.ts";
import { route } from "../http/define-route.ts";
import { hubOf, type ObjectCall, realtimeOf, roomOf, tenantOf } from "../http/objects.ts";

const read = { action: "realtime:read", tag: "live" } as const;
const OBJECT = /^(?:hub\/\d{1,2}|room\/[a-z0-9-]{1,64})$/;
const objectSchema = z.string().regex(OBJECT, "must be `hub/{n}` or `room/{room}`");

const connectionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  object: objectSchema.optional(),
  /** `subject:{ref}`, `key:{id}` or `user:{id}`. */
  actor: z.string().max(128).optional(),
});

/** What operators see of live sockets, and how they end one. */
export function registerRealtimeRoutes(app: App): void {
  route(
    app,
    {
      ...read,
      method: "get",
      path: "/v1/realtime/stats",
      summary: "Figures of live sockets",
      description:
        "Sums over what hubs and rooms reported last: each minute while they are active, each five seconds while somebody asks. Idle ones report nothing.",
      answer: { status: 200, schema: realtimeStatsSchema },
    },
    async (call) => accept(await realtimeOf(call).stats()),
  );
  route(
    app,
    {
      ...read,
      method: "get",
      path: "/v1/realtime/connections",
      summary: "Live sockets, the busiest first",
      description: "The hundred busiest of each object, as reported last.",
      query: connectionsQuery,
      answer: { status: 200, schema: z.object({ items: z.array(connectionSchema), total: z.number().int() }) },
    },
    async (call) => {
      const { limit, object, actor } = call.query;
      return accept(
        await realtimeOf(call).connections({ limit, ...(object !== undefined && { object }), ...(actor !== undefined && { actor }) }),
      );
    },
  );
  route(
    app,
    {
      method: "delete",
      path: "/v1/realtime/connections/{connectionId}",
      action: "realtime:operate",
      tag: "live",
      summary: "End a live socket",
      description:
        "Closes it with 4403. Its client does not come back by itself; the person may. Of a connection that is not listed, say whose it is with `object`.",
      params: z.object({ connectionId: z.uuid() }),
      query: z.object({ object: objectSchema.optional() }),
      answer: { status: 204 },
      problems: ["not-found"],
    },
    async (call) => {
      const { connectionId } = call.params;
      const object = call.query.object ?? (await realtimeOf(call).objectOf(connectionId));
      if (object === undefined)
        return refuse("not-found", "No such connection was reported. Name its object with ?object=, or look whether it has ended.");
      const what = { action: "connection.end", target: `connection/${connectionId}`, detail: { object } };
      return await audited(tenantOf(call), call.meta, what, async () => {
        const found = await kick(call, object, connectionId);
        await realtimeOf(call).forget(connectionId); // the list is right before the object reports again
        return found ? accept(undefined) : refuse("not-found", "This connection has ended already.");
      });
    },
  );
}

async function kick(call: ObjectCall, object: string, connectionId: string): Promise<boolean> {
  const [kind, name = ""] = object.split("/");
  return kind === "room" ? await roomOf(call, name).kick(connectionId) : await hubOf(call, Number(name)).kick(connectionId);
}
