import type { Connection, RealtimeReport, RealtimeStats } from "../realtime.ts";
import type { ObjectRpc } from "./call.ts";

/** `{tenantId}/realtime/main`: what active hubs and rooms reported last, in memory only. */
export interface RealtimeRpc extends ObjectRpc {
  /** @returns epoch milliseconds until when somebody looks: report each `ROOM_LIMITS.reportWatchedMs` until then; null: each `reportMs` */
  report(object: string, report: RealtimeReport): Promise<number | null>;
  /** Looking makes the lease. */
  stats(): Promise<RealtimeStats>;
  /** `hub/2` or `room/lobby`, of a connection that was reported. */
  objectOf(connectionId: string): Promise<string | undefined>;
  /** A connection was ended: it is listed no more. */
  forget(connectionId: string): Promise<void>;
  connections(query: { limit: number; object?: string; actor?: string }): Promise<{ items: Connection[]; total: number }>;
}
