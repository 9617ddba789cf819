import * as z from "zod";
import { LIVE_CLOSE, LIVE_PING, LIVE_PONG, type LiveCloseCode } from "../../contract/live-codes.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";

export interface SocketOptions<A> {
  /** Version of the attachment's shape. One of another version is read as absent: the client reconnects. */
  readonly version: number;
  /** Shape of the attachment; it is held against every read, because the release that wrote it may be another one. */
  readonly attachment: z.ZodType<A>;
}

export interface AcceptOptions<A> {
  /** `key:{id}` or `session:{id}`: revocation finds the socket by it. */
  readonly credential?: string;
  /** Further tags, by which `tagged` finds the socket. */
  readonly tags?: readonly string[];
  readonly attachment: A;
  /** The subprotocol to confirm, when the client offered one. */
  readonly protocol?: string;
}

/**
 * Hibernating sockets of one object. Make it in the constructor (that registers the ping answer); everything a socket
 * needs after a wake-up is in its attachment.
 *
 *     const sockets = createSockets(ctx, { version: 1, attachment: z.object({ connectionId: z.string(), sent: z.number() }) });
 *     fetch:            return sockets.accept({ credential: "key:1", tags: ["topic:all"], attachment });
 *     webSocketMessage: const state = sockets.read(ws); if (!state) return sockets.close(ws, LIVE_CLOSE.restart, "reconnect");
 *     webSocketClose:   sockets.completeClose(ws, code, reason);
 *     revocation:       sockets.closeCredential("key:1", "revoked");
 *
 * A hibernating object wakes with a new constructor: await the kit's `ready()` in every socket handler too.
 * How much a socket has left unread is `unreadVerdict` in core/kit/unread.ts.
 */
export interface Sockets<A> {
  /**
   * Accepts a new socket and answers the 101 with its other end.
   * @throws RangeError when there are more than 10 tags (the credential counts), one is above 256 characters, or the attachment is too large
   */
  accept(options: AcceptOptions<A>): { response: Response; socket: WebSocket };
  /** The attachment, or undefined when it is not one of this version and shape. */
  read(socket: WebSocket): A | undefined;
  /** Replaces the attachment. @throws RangeError above `KIT_LIMITS.attachmentBytes` as JSON */
  write(socket: WebSocket, attachment: A): void;
  /** All open sockets, or those with this tag. */
  tagged(tag?: string): WebSocket[];
  ofCredential(credential: string): WebSocket[];
  /** Sends text, or bytes in a binary frame; answers false when the socket is already gone. */
  send(socket: WebSocket, frame: string | Uint8Array): boolean;
  /** Closes with a code of the closed set; a socket that is gone is left alone. */
  close(socket: WebSocket, code: LiveCloseCode, reason: string): void;
  /** Closes every socket of a credential with 4401; answers how many. */
  closeCredential(credential: string, reason: string): number;
  /** The other half of the close handshake, for the object's `webSocketClose`. */
  completeClose(socket: WebSocket, code: number, reason: string): void;
}

export function createSockets<A>(ctx: DurableObjectState, options: SocketOptions<A>): Sockets<A> {
  const stored = z.object({ v: z.literal(options.version), a: options.attachment });
  // Answered by the runtime: a ping neither wakes the object nor counts as a message of its.
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(LIVE_PING, LIVE_PONG));

  // As bytes of JSON: what the platform makes of an object is larger or smaller by the kind of its strings, and the limit
  // should not depend on an accent in a name.
  function write(socket: WebSocket, attachment: A): void {
    const bytes = new TextEncoder().encode(JSON.stringify({ v: options.version, a: attachment }));
    if (bytes.byteLength > KIT_LIMITS.attachmentBytes)
      throw new RangeError(`a socket's attachment of ${bytes.byteLength} bytes; at most ${KIT_LIMITS.attachmentBytes}`);
    socket.serializeAttachment(bytes);
  }

  function close(socket: WebSocket, code: LiveCloseCode, reason: string): void {
    closeWith(socket, code, reason);
  }

  return {
    accept({ credential, tags = [], attachment, protocol }) {
      const all = credential === undefined ? [...tags] : [credentialTag(credential), ...tags];
      if (all.length > KIT_LIMITS.socketTags) throw new RangeError(`${all.length} tags on a socket; at most ${KIT_LIMITS.socketTags}`);
      const long = all.find((tag) => tag.length > KIT_LIMITS.socketTagChars);
      if (long !== undefined) throw new RangeError(`a socket tag of ${long.length} characters; at most ${KIT_LIMITS.socketTagChars}`);
      const { 0: client, 1: socket } = new WebSocketPair();
      write(socket, attachment);
      ctx.acceptWebSocket(socket, all);
      const headers = protocol === undefined ? {} : { "sec-websocket-protocol": protocol };
      return { response: new Response(null, { status: 101, webSocket: client, headers }), socket };
    },
    read(socket) {
      const bytes: unknown = socket.deserializeAttachment();
      if (!(bytes instanceof Uint8Array)) return undefined;
      const parsed = stored.safeParse(parseJson(new TextDecoder().decode(bytes)));
      // The shape is { v, a } by construction of `stored`; zod widens `a` for a generic schema.
      return parsed.success ? (parsed.data.a as A) : undefined;
    },
    write,
    tagged: (tag) => ctx.getWebSockets(tag),
    ofCredential: (credential) => ctx.getWebSockets(credentialTag(credential)),
    send(socket, frame) {
      try {
        socket.send(frame);
        return true;
      } catch {
        return false; // closed between our look and the send: its close event follows
      }
    },
    close,
    closeCredential(credential, reason) {
      const sockets = ctx.getWebSockets(credentialTag(credential));
      for (const socket of sockets) close(socket, LIVE_CLOSE.unauthorized, reason);
      return sockets.length;
    },
    completeClose(socket, code, reason) {
      closeWith(socket, mayBeSent(code) ? code : undefined, reason);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not ours: read as absent
  }
}

/** The tag under which a credential's sockets are found. */
function credentialTag(credential: string): string {
  return `credential:${credential}`;
}

/**
 * Codes that stand for "no code", "gone without a word" and "TLS failed" exist only inside of an endpoint, and 1004 and
 * those below 1000 have no meaning (RFC 6455 section 7.4); sending one would throw and leave the handshake open.
 */
export function mayBeSent(code: number): boolean {
  return (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);
}

function closeWith(socket: WebSocket, code: number | undefined, reason: string): void {
  try {
    if (code === undefined) socket.close();
    else socket.close(code, clip(reason));
  } catch {
    // Already closed by the other side, or by an earlier call: closing is what was wanted.
  }
}

/** At most 123 bytes, cut between characters. */
function clip(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.byteLength <= KIT_LIMITS.closeReasonBytes) return reason;
  return new TextDecoder().decode(bytes.subarray(0, KIT_LIMITS.closeReasonBytes), { stream: true });
}
