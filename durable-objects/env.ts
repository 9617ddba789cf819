import type { ObjectNamespace } from "../contract/address.ts";
import type { AgentFleetRpc } from "../contract/rpc/agents.ts";
import type { HubRpc } from "../contract/rpc/hub.ts";
import type { InboxRpc } from "../contract/rpc/inbox.ts";
import type { LeaderboardRpc } from "../contract/rpc/leaderboard.ts";
import type { MetricShardRpc } from "../contract/rpc/metrics.ts";
import type { RealtimeRpc } from "../contract/rpc/realtime.ts";
import type { RoomRpc } from "../contract/rpc/room.ts";
import type { SubjectsRpc } from "../contract/rpc/subjects.ts";
import type { TenantRpc } from "../contract/rpc/tenant.ts";

/** Bindings of the objects script. */
export interface ObjectsEnv {
  readonly TENANT: ObjectNamespace<TenantRpc>;
  readonly METRICS: ObjectNamespace<MetricShardRpc>;
  readonly HUB: ObjectNamespace<HubRpc>;
  readonly AGENTS: ObjectNamespace<AgentFleetRpc>;
  readonly SUBJECTS: ObjectNamespace<SubjectsRpc>;
  /** Boards, and sorted sets of the Redis protocol: one class, two kinds of addresses. */
  readonly LEADERBOARDS: ObjectNamespace<LeaderboardRpc>;
  readonly ROOMS: ObjectNamespace<RoomRpc>;
  readonly INBOXES: ObjectNamespace<InboxRpc>;
  readonly REALTIME: ObjectNamespace<RealtimeRpc>;
  readonly EVENTS: Queue;
  readonly ARCHIVE: R2Bucket;
  /** "true" when outbox rows stay until a consumer confirms them. */
  readonly SINGLE_NODE?: string;
  readonly CLOCK_OFFSET_MS?: string;
  /** The edge's key ring: hubs read the tickets of `refresh` frames with it, and refuse them without it. */
  readonly KEY_RING?: string;
}
