export { AgentFleet } from "./control/agent-fleet.ts";
export { AttemptLimiter } from "./control/attempt-limiter.ts";
export { Tenant } from "./control/tenant.ts";
export { Hub } from "./live/hub.ts";
export { MetricShard } from "./observe/metric-shard.ts";
