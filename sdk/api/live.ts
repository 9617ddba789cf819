import type { TicketReply } from "../../contract/live.ts";
import type { Call, CallOptions } from "../transport.ts";

/** The way to a live socket. */
export function connectApi(call: Call) {
  return {
    /** An address to open a WebSocket at, once, within a minute. Issuing one changes nothing, so this repeats by itself. */
    ticket: (options?: CallOptions) => call<TicketReply>("POST", "/v1/connect/tickets", { repeat: "safe", options }),
    /** The same for a leaderboard's own socket; `boardSocket` asks for one by itself. */
    boardTicket: (board: string, options?: CallOptions) =>
      call<TicketReply>("POST", "/v1/connect/tickets", { query: { board }, repeat: "safe", options }),
    /** The same for a room's own socket; `openRoom` asks for one by itself. */
    roomTicket: (room: string, options?: CallOptions) =>
      call<TicketReply>("POST", "/v1/connect/tickets", { query: { room }, repeat: "safe", options }),
  };
}
