import * as z from "zod";
import { AGENT_LIMITS, agentPatchSchema, agentSchema } from "../../contract/agents.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { type Outcome, accept, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { agentsOf, tenantOf } from "../http/objects.ts";
import { audited } from "../http/audited.ts";

const params = z.object({ agentId: z.string().min(1).max(AGENT_LIMITS.hostChars) });

const LIST = {
  method: "get",
  path: "/v1/agents",
  action: "agents:read",
  tag: "control",
  summary: "List host agents by name",
  query: pageQuerySchema,
  answer: { status: 200, schema: pageSchema(agentSchema) },
} as const;

const CONNECT = {
  method: "get",
  path: "/v1/agents/connect",
  action: "agents:connect",
  tag: "control",
  summary: "Open an agent's control socket",
  description:
    "A WebSocket for host agents: they say hello and report health, the server pushes their configuration. The newest connection of a host stays.",
  answer: { status: 200, mediaType: "*/*" },
  problems: ["upgrade-required", "unavailable"],
} as const;

const FIND = {
  method: "get",
  path: "/v1/agents/{agentId}",
  action: "agents:read",
  tag: "control",
  summary: "One host agent",
  params,
  answer: { status: 200, schema: agentSchema },
  problems: ["not-found"],
} as const;

const CONFIGURE = {
  method: "patch",
  path: "/v1/agents/{agentId}",
  action: "agents:manage",
  tag: "control",
  summary: "Change an agent's configuration",
  description:
    "What is left out stays. The new configuration is pushed at once, or when the agent connects. Send If-Match with the ETag of what you saw.",
  params,
  body: agentPatchSchema,
  answer: { status: 200, schema: agentSchema },
  problems: ["not-found", "precondition-failed"],
} as const;

export function registerAgentsRoutes(app: App): void {
  route(app, LIST, async (call) => await agentsOf(call).list(call.query));

  // Before the route of one agent: `connect` is no agent's name there.
  route(app, CONNECT, async (call) => {
    const { principal, request } = call;
    if (principal.kind !== "service") return refuse("forbidden", "Agents connect with an API key that has the scope agents:connect.");
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return refuse("upgrade-required", "Open this address as a WebSocket.");
    }
    const headers = { upgrade: "websocket", "x-meridian-key-id": principal.keyId, "x-meridian-now": String(call.now) };
    const response = await agentsOf(call).fetch(new Request("https://object/connect", { headers }));
    if (response.status === 101) return response;
    if (response.status === 401) return refuse("unauthenticated", "This key was revoked. Use another one.");
    return refuse("unavailable", "Too many agents are connecting at once. Try again in a minute.", { retryAfterS: 60 });
  });

  route(app, FIND, async (call) => {
    const found = await agentsOf(call).find(call.params.agentId);
    if (found.ok) call.answerHeaders.set("etag", etagOf(found.value.config.version));
    return found;
  });

  route(app, CONFIGURE, async (call) => {
    const expected = expectedVersion(call.request.headers.get("if-match"));
    if (!expected.ok) return expected;
    const { agentId } = call.params;
    const what = { action: "agents.configure", target: `agent/${agentId}`, detail: { patch: call.body } };
    const outcome = await audited(tenantOf(call), call.meta, what, async () =>
      agentsOf(call).configure(agentId, call.body, expected.value, call.meta),
    );
    if (outcome.ok) call.answerHeaders.set("etag", etagOf(outcome.value.config.version));
    return outcome;
  });
}

function etagOf(version: number): string {
  return `"${version}"`;
}

/** The version in If-Match; undefined for none and for `*`. A tag that we never gave out matches nothing. */
function expectedVersion(header: string | null): Outcome<number | undefined> {
  if (header === null || header.trim() === "*") return accept(undefined);
  const version = /^"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (version !== undefined) return accept(Number(version));
  return refuse("precondition-failed", "If-Match is not an ETag of this agent. Read the agent again and send its ETag.");
}
