import type { ObjectRpc } from "./call.ts";

/** One publication on its way to subscribers. */
export interface Publication {
  /** `kind/name`, such as `metrics/all`. */
  readonly channel: string;
  readonly epoch: string;
  readonly offset: number;
  readonly type: string;
  readonly at: number;
  readonly data: unknown;
}

/** `{tenantId}/hub/{n}`: holds live sockets, sharded by connection. Sockets arrive by `fetch` with an upgrade. */
export interface HubRpc extends ObjectRpc {
  fetch(request: Request): Promise<Response>;
  /** Sends to the channel's subscribers here; answers how many there are, so that a publisher can stop. */
  publish(publications: readonly Publication[]): Promise<number>;
  /** Closes every socket of these credentials (`key:{id}`, `session:{id}`) with 4401. */
  closeCredentials(credentials: readonly string[]): Promise<number>;
}
