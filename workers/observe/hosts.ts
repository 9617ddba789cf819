import { z } from "@hono/zod-openapi";
import { hostState } from "../../contract/host-metrics.ts";
import { type Host, hostSchema } from "../../contract/hosts.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { accept } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { agentsOf, metricsOf, type ObjectCall } from "../http/objects.ts";

type StoredHost = Omit<Host, "agentId" | "agentVersion" | "state">;

export function registerHostRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/v1/hosts",
      action: "metrics:read",
      tag: "observe",
      summary: "List hosts with their newest figures",
      description:
        "Hosts that sent samples within the last 24 hours, by name. A host is late 45 s and offline 90 s after its last sample arrived.",
      query: pageQuerySchema,
      answer: { status: 200, schema: pageSchema(hostSchema) },
    },
    async (call) => {
      const { limit, cursor } = call.query;
      const listed = await metricsOf(call).listHosts(cursor === undefined ? { limit } : { limit, cursor });
      if (!listed.ok) return listed;
      const { items, nextCursor } = listed.value;
      return accept({ items: await described(call, items), nextCursor });
    },
  );

  route(
    app,
    {
      method: "get",
      path: "/v1/hosts/{host}",
      action: "metrics:read",
      tag: "observe",
      summary: "Read one host",
      params: z.object({ host: z.string().min(1).max(1_024) }),
      answer: { status: 200, schema: hostSchema },
    },
    async (call) => {
      const found = await metricsOf(call).findHost(call.params.host);
      if (!found.ok) return found;
      const { now: _, ...stored } = found.value;
      const [host] = await described(call, [stored]);
      return accept(host ?? describe(stored, undefined, call.now));
    },
  );
}

/** Adds state and agent to what a shard knows. */
async function described(call: ObjectCall & { readonly now: number }, hosts: readonly StoredHost[]): Promise<Host[]> {
  const agents = hosts.length === 0 ? {} : await agentsFor(call, hosts);
  return hosts.map((host) => describe(host, agents[host.host], call.now));
}

type Agent = { readonly agentId: string; readonly agentVersion: string };

async function agentsFor(call: ObjectCall, hosts: readonly StoredHost[]): Promise<Record<string, Agent>> {
  try {
    return await agentsOf(call).lookup(hosts.map(({ host }) => host));
  } catch {
    return {}; // the fleet cannot be asked: hosts without their agents' versions are better than no hosts
  }
}

function describe(stored: StoredHost, agent: Agent | undefined, now: number): Host {
  return {
    ...stored,
    state: hostState(now - stored.lastReceivedAt),
    agentId: agent?.agentId ?? null,
    agentVersion: agent?.agentVersion ?? null,
  };
}
