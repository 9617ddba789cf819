import type { ObjectNamespace } from "../contract/address.ts";
import type { AgentFleetRpc } from "../contract/rpc/agents.ts";
import type { AttemptLimiterRpc } from "../contract/rpc/attempts.ts";
import type { HubRpc } from "../contract/rpc/hub.ts";
import type { InboxRpc } from "../contract/rpc/inbox.ts";
import type { LeaderboardRpc } from "../contract/rpc/leaderboard.ts";
import type { MetricShardRpc } from "../contract/rpc/metrics.ts";
import type { RealtimeRpc } from "../contract/rpc/realtime.ts";
import type { RoomRpc } from "../contract/rpc/room.ts";
import type { SubjectsRpc } from "../contract/rpc/subjects.ts";
import type { TenantRpc } from "../contract/rpc/tenant.ts";

/** Bindings of the edge script. Objects are known as interfaces only. */
export interface EdgeEnv {
  readonly TENANT: ObjectNamespace<TenantRpc>;
  readonly METRICS: ObjectNamespace<MetricShardRpc>;
  readonly HUB: ObjectNamespace<HubRpc>;
  readonly AGENTS: ObjectNamespace<AgentFleetRpc>;
  readonly ATTEMPTS: ObjectNamespace<AttemptLimiterRpc>;
  readonly SUBJECTS: ObjectNamespace<SubjectsRpc>;
  /** Boards, and sorted sets of the Redis protocol: one class, two kinds of addresses. */
  readonly LEADERBOARDS: ObjectNamespace<LeaderboardRpc>;
  readonly ROOMS: ObjectNamespace<RoomRpc>;
  readonly INBOXES: ObjectNamespace<InboxRpc>;
  readonly REALTIME: ObjectNamespace<RealtimeRpc>;
  readonly DB: D1Database;
  readonly HISTORY: D1Database;
  readonly ARCHIVE: R2Bucket;
  readonly EVENTS: Queue;
  readonly ASSETS: Fetcher;
  readonly DEPLOYMENT_NAME: string;
  /** Origin under which browsers see this deployment, without a trailing slash. */
  readonly PUBLIC_URL: string;
  readonly DEPLOYMENT_ADMINS: string;
  readonly DEMO: string;
  readonly SINGLE_NODE?: string;
  readonly CLOCK_OFFSET_MS?: string;
  readonly KEY_RING: string;
  /** The one header whose address is believed, set by the TLS proxy in front of a single node; absent: no address is. */
  readonly TRUSTED_PROXY_HEADER?: string;
  /** Of a single node: its program, which knows the key ring's file, the backups and how old the logs are. */
  readonly NODE?: Fetcher;
  /** Of a single node that faces the internet and has no operator yet: what the first one proves that it is theirs with. */
  readonly SETUP_TOKEN?: string;
  /** See contract/failpoints.ts; absent outside of crash tests. */
  readonly FAILPOINTS?: string;
  /** Which requests are logged: `all` (when absent), `errors`, `off`. */
  readonly LOG_REQUESTS?: string;
}
