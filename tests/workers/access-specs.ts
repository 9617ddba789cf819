import type { Action } from "../../contract/permissions.ts";
import { FIRST_METRIC_SETTINGS } from "../../contract/metric-settings.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { ask, type Asked } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";
import { isAtDoor } from "../../workers/http/door-routes.ts";
import { specOf } from "../../workers/http/route-table.ts";
import type { RouteSpec } from "../../workers/http/route.ts";

export type Guarded = RouteSpec & { readonly action: Action };

/** Over the router's own table and not over OpenAPI: a hidden route is walked too. */
const specs = app.routes.flatMap(({ handler }) => specOf(handler) ?? []);
const isGuarded = (spec: RouteSpec): spec is Guarded => spec.action !== "open";

/** Where operators and keys come in. */
export const guarded = specs.filter(isGuarded).filter((spec) => !isAtDoor(spec));
/** Where end users and visitors come in, and nobody else. */
export const guardedAtDoor = specs.filter(isGuarded).filter(isAtDoor);
export const open = specs.filter((spec) => spec.action === "open");

const PASSWORD = "a walker's long phrase";
const QUERY = {
  metric: "host_cpu_used_ratio",
  start: new Date(Date.now() - 600_000).toISOString(),
  end: new Date(Date.now() + 60_000).toISOString(),
  groupBy: ["host"],
};

/** The same body for a route and for its twin at the door. */
function onBothSides(name: string, body: unknown): Record<string, unknown> {
  return { [name]: body, [name.replace(" ", " /p/{tenantSlug}")]: body };
}

/** A good body for each route that takes one: a walk with bad ones would never reach the object. */
export const BODIES: Readonly<Record<string, unknown>> = {
  "put /v1/tenant/settings": { ...FIRST_SETTINGS, hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: null } },
  "post /v1/keys": { name: "walker", scopes: ["metrics:read"] },
  "patch /v1/members/{memberId}": { role: "auditor" },
  "post /v1/invitations": { email: "walker@example.com", role: "viewer" },
  "patch /v1/agents/{agentId}": { intervalMs: 60_000 },
  "post /v1/metrics/ingest": { samples: [] },
  "post /v1/metrics/query": QUERY,
  "post /v1/metrics/import": {},
  "post /prometheus/api/v1/write": {},
  "post /otlp/v1/metrics": { resourceMetrics: [] },
  "post /prometheus/api/v1/otlp/v1/metrics": { resourceMetrics: [] },
  "post /redis": ["ZRANGE", "house", 0, -1],
  "post /redis/pipeline": [
    ["ZRANGE", "house", 0, -1],
    ["ZADD", "house", 1, "walker"],
  ],
  "post /redis/multi-exec": [["ZRANGE", "house", 0, -1]],
  "put /v1/metrics/settings": { ...FIRST_METRIC_SETTINGS, rawHours: 12 },
  "post /v1/tokens": { sub: "walker" },
  "post /v1/tokens/revocations": { kind: "token", tokenId: "walker" },
  "put /v1/issuers/{name}": { iss: "https://walker.example.com/", audiences: ["walker"], jwks: { keys: [] } },
  "post /v1/issuers/{name}/test": { token: "walker" },
  "put /v1/platform/restores/{backupId}/files/{file}": { data: "d2Fsa2Vy" },
  "post /v1/access/explain": { who: { kind: "visitor" }, action: "metrics:read", name: "walker" },
  "post /v1/leaderboards": { board: "walker" },
  "patch /v1/leaderboards/{board}": { title: "walker" },
  "put /v1/leaderboard-modes/{mode}": { title: "walker" },
  "post /v1/leaderboard-document/apply": { document: { boards: { walker: {} } } },
  "post /v1/leaderboard-document/remove": { document: { boards: { "walker-of-nothing": {} } } },
  ...onBothSides("post /v1/leaderboards/{board}/runs", { player: "walker" }),
  ...onBothSides("post /v1/leaderboards/{board}/scores", { player: "walker", score: 1 }),
  ...onBothSides("post /v1/leaderboards/{board}/player-lookups", { players: ["walker"] }),
  "post /v1/leaderboards/{board}/score-batches": { batchId: "walker", items: [{ player: "walker", score: 1 }] },
  "post /v1/leaderboards/{board}/imports": {},
  "put /v1/topics/{topicKind}/{topicName}": { keep: 10 },
  ...onBothSides("post /v1/topics/{topicKind}/{topicName}/messages", { clientId: "walker", data: "walker" }),
  ...onBothSides("post /v1/rooms", { room: "walker" }),
  ...onBothSides("patch /v1/rooms/{room}", { title: "walker" }),
  ...onBothSides("put /v1/rooms/{room}/members/{sub}", { name: "walker" }),
  ...onBothSides("post /v1/rooms/{room}/messages", { clientId: "walker", text: "walker" }),
  ...onBothSides("patch /v1/rooms/{room}/messages/{offset}", { text: "walker" }),
  ...onBothSides("put /v1/rooms/{room}/receipts", { readOffset: 0 }),
  ...onBothSides("post /v1/rooms/{room}/media", {}),
  "post /v1/rooms/{room}/import": {},
  "post /v1/room-document/apply": { document: { rooms: { walker: {} } } },
  "post /v1/room-document/remove": { document: { rooms: { "walker-of-nothing": {} } } },
  "post /v1/leaderboards/{board}/reviews/{reviewId}/decision": { decision: "clear" },
  "post /p/{tenantSlug}/v1/subjects/register": { email: "walker@example.com", password: PASSWORD },
  "post /p/{tenantSlug}/v1/subjects/verify": { token: "walker", password: "a long enough phrase" },
  "post /p/{tenantSlug}/v1/subjects/guest": {},
  "post /p/{tenantSlug}/v1/subjects/upgrade": { email: "walker@example.com", password: PASSWORD },
  "post /p/{tenantSlug}/v1/subjects/login": { email: "walker@example.com", password: PASSWORD },
  "post /p/{tenantSlug}/v1/subjects/refresh": { refreshHandle: `mrr_nobody_0_walker_${"a".repeat(40)}` },
  "post /p/{tenantSlug}/v1/subjects/logout": {},
  "post /p/{tenantSlug}/v1/subjects/password": { currentPassword: PASSWORD, newPassword: `${PASSWORD} too` },
  "post /p/{tenantSlug}/v1/metrics/query": QUERY,
};

export const nameOf = (spec: RouteSpec) => `${spec.method} ${spec.path}`;
export const named = <S extends RouteSpec>(all: readonly S[]) => all.map((spec) => [nameOf(spec), spec] as const);

function pathOf(spec: RouteSpec, ids: Readonly<Record<string, string>>): string {
  return spec.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(ids[name] ?? "nothing"));
}

/** Whether the route takes NDJSON only; browsers, who come with a cookie, can send nothing but JSON. */
export function takesLines({ rawBody }: RouteSpec): boolean {
  return rawBody?.mediaTypes.includes("application/x-ndjson") === true && !rawBody.mediaTypes.includes("application/json");
}

export interface Walked {
  readonly status: number;
  readonly text: string;
}

/** Calls a route with path parameters that exist nowhere unless `ids` says otherwise. */
export async function walk(spec: RouteSpec, how: Asked, ids: Readonly<Record<string, string>> = {}, body?: unknown): Promise<Walked> {
  const sent = body === undefined ? {} : { body, ...(takesLines(spec) && { headers: { "content-type": "application/x-ndjson" } }) };
  const response = await ask(pathOf(spec, ids), { method: spec.method.toUpperCase(), ...sent, ...how });
  // A stream of events has no end.
  const endless = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (endless) await response.body?.cancel();
  const text = response.webSocket || endless ? "" : await response.text();
  return { status: response.status, text };
}
