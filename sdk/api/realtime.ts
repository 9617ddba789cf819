import type { Connection, RealtimeStats } from "../../contract/realtime.ts";
import type { Call, CallOptions } from "../transport.ts";

export interface ConnectionsAsk {
  readonly limit?: number;
  /** `hub/2`, `room/lobby`. */
  readonly object?: string;
  /** `subject:{ref}`, `key:{id}` or `user:{id}`. */
  readonly actor?: string;
}

/** Live sockets as operators see them. */
export function realtimeApi(call: Call) {
  return {
    /** Asking makes objects report each five seconds, for half a minute. */
    stats: (options?: CallOptions) => call<RealtimeStats>("GET", "/v1/realtime/stats", { options }),
    /** The busiest of each object, the busiest first. */
    connections: (ask: ConnectionsAsk = {}, options?: CallOptions) =>
      call<{ items: Connection[]; total: number }>("GET", "/v1/realtime/connections", { query: { ...ask }, options }),
    /** Ends a socket; the person may come back. */
    end: (connectionId: string, object?: string, options?: CallOptions) =>
      call<void>("DELETE", `/v1/realtime/connections/${encodeURIComponent(connectionId)}`, { query: { object }, options }),
  };
}
