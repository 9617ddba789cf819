import * as z from "zod";
import { LIVE_CLOSE, LIVE_SUBPROTOCOL, type LiveCloseCode } from "../../contract/live-codes.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import { createSockets, type Sockets } from "../kit/sockets.ts";

/** The sockets of an object by their connection ids, both ways; the truth is in the attachments. Make it in the constructor. */
export class SocketBook {
  readonly #sockets: Sockets<string>;
  readonly #byId = new Map<string, WebSocket>();
  readonly #ids = new WeakMap<WebSocket, string>();

  constructor(ctx: DurableObjectState) {
    this.#sockets = createSockets(ctx, { version: 1, attachment: z.string() });
  }

  /** Takes a socket in. The machine's first effect has to save its attachment, before anything can happen in between. */
  accept(id: string, admission: Admission, request: Request): Response {
    const offered = request.headers.get("sec-websocket-protocol") === LIVE_SUBPROTOCOL;
    const { response, socket } = this.#sockets.accept({
      credential: admission.credential,
      tags: [admission.actor],
      attachment: "",
      ...(offered ? { protocol: LIVE_SUBPROTOCOL } : {}),
    });
    this.#know(id, socket);
    return response;
  }

  /** The sockets that slept. @param idOf reads an attachment; one that cannot be read belongs to another release: its socket reconnects */
  restore(idOf: (attachment: string) => string | undefined): string[] {
    const attachments: string[] = [];
    for (const socket of this.#sockets.tagged()) {
      const attachment = this.#sockets.read(socket);
      if (attachment === "") continue; // closed by us, the other side has not answered yet
      const id = attachment === undefined ? undefined : idOf(attachment);
      if (attachment === undefined || id === undefined) {
        this.#sockets.close(socket, LIVE_CLOSE.restart, "reconnect");
        continue;
      }
      attachments.push(attachment);
      this.#know(id, socket);
    }
    return attachments;
  }

  /** Whose message this is; one of nobody is sent away. */
  idOf(socket: WebSocket): string | undefined {
    const id = this.#ids.get(socket);
    if (id === undefined) this.#sockets.close(socket, LIVE_CLOSE.restart, "reconnect");
    return id;
  }

  send(id: string, frame: string | Uint8Array): void {
    const socket = this.#byId.get(id);
    if (socket) this.#sockets.send(socket, frame);
  }

  save(id: string, attachment: string): void {
    const socket = this.#byId.get(id);
    if (socket) this.#sockets.write(socket, attachment);
  }

  close(id: string, code: LiveCloseCode, reason: string): void {
    const socket = this.#byId.get(id);
    if (!socket) return;
    this.#sockets.write(socket, ""); // a sleep before the other side answers must not bring it back
    this.#sockets.close(socket, code, reason);
    this.#ids.delete(socket);
    this.#byId.delete(id);
  }

  /** The other half of the close handshake. */
  completeClose(socket: WebSocket, code: number, reason: string): void {
    this.#sockets.completeClose(socket, code, reason);
  }

  /** @returns the id of a socket that is gone; undefined when we closed it ourselves */
  forget(socket: WebSocket): string | undefined {
    const id = this.#ids.get(socket);
    if (id !== undefined) this.#byId.delete(id);
    return id;
  }

  #know(id: string, socket: WebSocket): void {
    this.#byId.set(id, socket);
    this.#ids.set(socket, id);
  }
}
