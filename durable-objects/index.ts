export { AgentFleet } from "./control/agent-fleet.ts";
export { AttemptLimiter } from "./control/attempt-limiter.ts";
export { Subjects } from "./control/subjects.ts";
export { Tenant } from "./control/tenant.ts";
export { Hub } from "./live/hub.ts";
export { Inbox } from "./live/inbox.ts";
export { Leaderboard } from "./live/leaderboard.ts";
export { Realtime } from "./live/realtime.ts";
export { Room } from "./live/room.ts";
export { MetricShard } from "./observe/metric-shard.ts";

/** The objects script has no address of its own: requests come in by RPC from the edge script. */
export default {
  fetch: () => new Response("There is nothing here.\n", { status: 404 }),
} satisfies ExportedHandler;
