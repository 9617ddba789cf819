import type { Host, HostSummary } from "../hosts.ts";
import type { Cardinality, ExemplarList, MetadataList, MetricNames, Rejected, SeriesList, Storage } from "../metric-catalog.ts";
import type { IngestProtocol, RejectReason } from "../metric-limits.ts";
import type { Matcher } from "../metric-query.ts";
import type { Outcome } from "../problems.ts";
import type { PackedLines } from "../ranked-lines.ts";
import type { ObjectRpc } from "./call.ts";
import type { SeriesLimit } from "../series-limit.ts";
import type { SelectOrder, SelectReply } from "./metric-select.ts";

/** `{tenantId}/metrics/{n}`: a shard of a tenant's series. */
export interface MetricShardRpc extends ObjectRpc {
  /**
   * Stores a batch encoded by `contract/metric-batch.ts`; resolves when it is durable.
   * @param batchId the client's, or the content's hash
   * @param source whose and by which way, for the figures of the ingest page
   */
  ingest(batch: Uint8Array, batchId: string, source?: IngestSource): Promise<Outcome<ShardIngestReply>>;
  /**
   * Stores a batch whose points may be older than the raw tier: those go into rollups at once, and an imported window replaces the one
   * that was there. The same answer as `ingest`.
   */
  importBatch(batch: Uint8Array, batchId: string): Promise<Outcome<ShardIngestReply>>;
  /** One selection of a query, as far as this shard can answer it; the edge merges those of all shards. */
  select(order: SelectOrder): Promise<Outcome<SelectReply>>;
  /** Nobody waits any more for the order with this ticket: it ends soon. */
  withdraw(ticket: string): Promise<void>;
  /** What there is, from memory. The edge merges the answers of all shards. */
  catalog<K extends keyof CatalogAnswers>(ask: K, query: CatalogAsk): Promise<Outcome<CatalogAnswers[K]>>;
  /** Lines for the inspector; at most `METRIC_LIMITS.rejectedKept` are kept. Always to shard 0. */
  noteRejected(lines: readonly RejectedLine[]): Promise<void>;
  /** Deletes series with all their points. */
  deleteSeries(which: Pick<CatalogAsk, "metric" | "matchers">): Promise<Outcome<{ deleted: number }>>;
  listHosts(page: {
    limit: number;
    cursor?: string;
  }): Promise<Outcome<{ items: Omit<Host, "agentId" | "agentVersion" | "state">[]; nextCursor: string | null; now: number }>>;
  findHost(host: string): Promise<Outcome<Omit<Host, "agentId" | "agentVersion" | "state"> & { now: number }>>;
  /** A hub's wish to be told of topics (`all`, or a host's name) until `untilMs`; an empty list withdraws it. */
  interest(hub: string, topics: readonly string[], untilMs: number): Promise<TopicPosition[]>;
  status(): Promise<ShardStatus>;
}

export interface IngestSource {
  readonly protocol: IngestProtocol;
  readonly keyId: string;
  /** Samples of the request that were refused before they came here. */
  readonly rejected: number;
}

export interface RejectedLine extends IngestSource {
  /** `rejected` samples of one reason stand behind one line. */
  readonly reason: RejectReason;
  readonly at: number;
  readonly example: string;
  readonly detail: string;
}

export interface CatalogAsk {
  readonly metric?: string;
  readonly matchers?: readonly Matcher[];
  readonly search?: string;
  readonly limit: number;
  /** Whether lines may come in any order, because whoever asks adds them up with others and ranks them then. */
  readonly unranked?: boolean;
  /** For `values`. */
  readonly label?: string;
  /** For `exemplars`, epoch milliseconds. */
  readonly startMs?: number;
  readonly endMs?: number;
}

export interface CatalogAnswers {
  readonly names: MetricNames;
  readonly series: SeriesList;
  readonly labels: PackedLines;
  readonly values: PackedLines;
  readonly metadata: MetadataList;
  readonly exemplars: ExemplarList;
  readonly cardinality: Cardinality;
  readonly storage: Storage["shards"][number];
  readonly rejected: Rejected;
}

export interface ShardIngestReply {
  readonly accepted: number;
  readonly duplicate: boolean;
  /** Indexes into the encoded batch whose series could not be made because of the plan's limit. */
  readonly refusedSeries: readonly number[];
  /** Which limit did that; absent when none was refused. */
  readonly refusedBy?: SeriesLimit;
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
