export { AgentFleet, AttemptLimiter, Hub, MetricShard, Tenant } from "../durable-objects/index.ts";
export { default } from "./index.ts";
