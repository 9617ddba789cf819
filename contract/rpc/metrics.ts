import type { Host, HostSummary } from "../hosts.ts";
import type { MetricQuery, MetricQueryReply } from "../metrics.ts";
import type { Outcome } from "../problems.ts";
import type { ObjectRpc } from "./call.ts";

/** `{tenantId}/metrics/{n}`: a shard of a tenant's series. */
export interface MetricShardRpc extends ObjectRpc {
  /**
   * Stores a batch encoded by `contract/metric-batch.ts`; resolves when it is durable.
   * @param batchId the client's, or the content's hash
   */
  ingest(batch: Uint8Array, batchId: string): Promise<Outcome<ShardIngestReply>>;
  query(query: MetricQuery): Promise<Outcome<MetricQueryReply>>;
  listHosts(page: {
    limit: number;
    cursor?: string;
  }): Promise<Outcome<{ items: Omit<Host, "agentId" | "agentVersion" | "state">[]; nextCursor: string | null; now: number }>>;
  findHost(host: string): Promise<Outcome<Omit<Host, "agentId" | "agentVersion" | "state"> & { now: number }>>;
  /** A hub's wish to be told of topics (`all`, or a host's name) until `untilMs`; an empty list withdraws it. */
  interest(hub: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]>;
  status(): Promise<ShardStatus>;
}

export interface ShardIngestReply {
  readonly accepted: number;
  readonly duplicate: boolean;
  /** Indexes into the encoded batch whose series could not be made because of the plan's limit. */
  readonly refusedSeries: readonly number[];
  /** Whose references these are; changes only when a shard begins anew. */
  readonly dictionary: number;
  /** The references of the batch's definitions, in order; 0 where the series was refused. */
  readonly assigned: readonly number[];
  /** The batch names references that the shard does not know (any more): nothing was stored, send it with definitions. */
  readonly unknown: boolean;
}

export interface TopicPosition {
  readonly topic: string;
  readonly epoch: string;
  readonly offset: number;
}

export interface ShardStatus {
  readonly series: number;
  readonly walRows: number;
  readonly blocks: number;
  readonly rowsWritten: number;
  readonly samples: number;
  /** Oldest point in a packed row. */
  readonly oldestAt: number | null;
}

/** Data of a `metrics/all` publication: the hosts that changed. */
export interface HostsPush {
  readonly hosts: readonly HostSummary[];
}

/** Data of a `metrics/{host}` publication: the newest points of each changed series. */
export interface HostPush {
  readonly host: string;
  readonly series: readonly {
    readonly metric: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly points: readonly (readonly [atMs: number, value: number | null])[];
  }[];
}
