import { ACCESS_MUTATIONS } from "./catalogue/access.ts";
import { AGENT_MUTATIONS } from "./catalogue/agents.ts";
import { BACKUP_MUTATIONS } from "./catalogue/backup.ts";
import { CONSOLE_MUTATIONS } from "./catalogue/console.ts";
import { CONSOLE_METRICS_MUTATIONS } from "./catalogue/console-metrics.ts";
import { DOOR_MUTATIONS } from "./catalogue/door.ts";
import { EDGE_MUTATIONS } from "./catalogue/edge.ts";
import { EVENT_MUTATIONS } from "./catalogue/events.ts";
import { HTTP_MUTATIONS } from "./catalogue/http.ts";
import { KIT_MUTATIONS } from "./catalogue/kit.ts";
import { LEADERBOARD_CONSOLE_MUTATIONS } from "./catalogue/leaderboards-console.ts";
import { LEADERBOARD_EDGE_MUTATIONS } from "./catalogue/leaderboards-edge.ts";
import { LEADERBOARD_PROOF_MUTATIONS } from "./catalogue/leaderboards-proofs.ts";
import { LEADERBOARD_RANKING_MUTATIONS } from "./catalogue/leaderboards-ranking.ts";
import { LEADERBOARD_REVIEW_MUTATIONS } from "./catalogue/leaderboards-reviews.ts";
import { LEADERBOARD_WINDOW_MUTATIONS } from "./catalogue/leaderboards-windows.ts";
import { REDIS_MUTATIONS } from "./catalogue/leaderboards-redis.ts";
import { LEADERBOARD_LIVE_MUTATIONS } from "./catalogue/leaderboards-live.ts";
import { LEADERBOARD_SUBMIT_MUTATIONS } from "./catalogue/leaderboards-submit.ts";
import { LIVE_MUTATIONS } from "./catalogue/live.ts";
import { METRIC_MUTATIONS } from "./catalogue/metrics.ts";
import { METRIC_CATALOG_MUTATIONS } from "./catalogue/metrics-catalog.ts";
import { METRIC_OTLP_MUTATIONS } from "./catalogue/metrics-otlp.ts";
import { METRIC_REMOTE_WRITE_MUTATIONS } from "./catalogue/metrics-remote-write.ts";
import { METRIC_QUERY_MUTATIONS } from "./catalogue/metrics-query.ts";
import { METRIC_SPEED_MUTATIONS } from "./catalogue/metrics-speed.ts";
import { METRIC_TIER_MUTATIONS } from "./catalogue/metrics-tiers.ts";
import { NODE_MUTATIONS } from "./catalogue/node.ts";
import { ROOM_EDGE_MUTATIONS } from "./catalogue/rooms-edge.ts";
import { ROOM_LIVE_MUTATIONS } from "./catalogue/rooms-live.ts";
import { ROOM_STATE_MUTATIONS } from "./catalogue/rooms-state.ts";
import { RUNNING_MUTATIONS } from "./catalogue/running.ts";
import { SDK_MUTATIONS } from "./catalogue/sdk.ts";
import { SECOND_FACTOR_MUTATIONS } from "./catalogue/second-factors.ts";
import { SUBJECT_EDGE_MUTATIONS } from "./catalogue/subjects-edge.ts";
import { SUBJECT_ROUTE_MUTATIONS } from "./catalogue/subjects-routes.ts";
import { SUBJECT_OBJECT_MUTATIONS } from "./catalogue/subjects-objects.ts";
import { SUBJECT_TENANT_MUTATIONS } from "./catalogue/subjects-tenant.ts";
import { TOPIC_MUTATIONS } from "./catalogue/topics.ts";
import type { Mutation } from "./mutation.ts";

/** Every mutation, by the family of its rule. */
export const CATALOGUE: readonly Mutation[] = [
  ...HTTP_MUTATIONS,
  ...EDGE_MUTATIONS,
  ...KIT_MUTATIONS,
  ...EVENT_MUTATIONS,
  ...ACCESS_MUTATIONS,
  ...AGENT_MUTATIONS,
  ...LIVE_MUTATIONS,
  ...LEADERBOARD_LIVE_MUTATIONS,
  ...LEADERBOARD_SUBMIT_MUTATIONS,
  ...REDIS_MUTATIONS,
  ...LEADERBOARD_EDGE_MUTATIONS,
  ...LEADERBOARD_RANKING_MUTATIONS,
  ...LEADERBOARD_REVIEW_MUTATIONS,
  ...LEADERBOARD_WINDOW_MUTATIONS,
  ...LEADERBOARD_CONSOLE_MUTATIONS,
  ...LEADERBOARD_PROOF_MUTATIONS,
  ...ROOM_EDGE_MUTATIONS,
  ...ROOM_LIVE_MUTATIONS,
  ...TOPIC_MUTATIONS,
  ...ROOM_STATE_MUTATIONS,
  ...METRIC_MUTATIONS,
  ...METRIC_CATALOG_MUTATIONS,
  ...METRIC_OTLP_MUTATIONS,
  ...METRIC_REMOTE_WRITE_MUTATIONS,
  ...METRIC_QUERY_MUTATIONS,
  ...METRIC_SPEED_MUTATIONS,
  ...METRIC_TIER_MUTATIONS,
  ...CONSOLE_MUTATIONS,
  ...CONSOLE_METRICS_MUTATIONS,
  ...RUNNING_MUTATIONS,
  ...NODE_MUTATIONS,
  ...BACKUP_MUTATIONS,
  ...SDK_MUTATIONS,
  ...DOOR_MUTATIONS,
  ...SECOND_FACTOR_MUTATIONS,
  ...SUBJECT_TENANT_MUTATIONS,
  ...SUBJECT_EDGE_MUTATIONS,
  ...SUBJECT_OBJECT_MUTATIONS,
  ...SUBJECT_ROUTE_MUTATIONS,
];
