import { deflateRawSync } from "node:zlib";
import { callObject, objectAt } from "../../../contract/address.ts";
import type { RoomEvent } from "../../../contract/room-live.ts";
import type { Receipt } from "../../../contract/rooms.ts";
import type { Admission } from "../../../contract/rpc/hub.ts";
import type { PresenceBook } from "../../../core/live/rooms/acts.ts";
import type { RoomEffect, RoomReport } from "../../../core/live/rooms/room-effects.ts";
import { RoomMachine } from "../../../core/live/rooms/room-machine.ts";
import { ROOM_ACTIONS, type RoomAdmission } from "../../../core/live/rooms/room-protocol.ts";
import { callerOf } from "../../../core/live/rooms/room-session.ts";
import type { ObjectsEnv } from "../../env.ts";
import { errorText, logLine } from "../../kit/log.ts";
import type { SocketBook } from "../socket-book.ts";
import { SocketShell } from "../socket-shell.ts";
import { LIVE_TIMER, type RoomParts, type RoomSocketSide } from "./parts.ts";

/** Batches are many and small: the least work takes most of the gain. */
const DEFLATE_LEVEL = 1;

type Env = Pick<ObjectsEnv, "TENANT" | "HUB" | "REALTIME" | "KEY_RING">;

/**
 * A room's own sockets. The protocol is core/live/rooms/room-machine.ts; here its effects meet sockets, storage and the clock.
 * Sleeps whenever nothing is pending: what a wake-up needs is in the attachments, and a pending timer keeps it awake until they are saved.
 */
export class RoomLive implements RoomSocketSide, PresenceBook {
  readonly #parts: RoomParts;
  readonly #env: Env;
  readonly #background: (work: Promise<unknown>) => void;
  readonly #shell: SocketShell;
  readonly #sockets: SocketBook;
  #machine: RoomMachine | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Made in the object's constructor, which lets the runtime answer pings; touches no storage. */
  constructor(ctx: DurableObjectState, env: Env, parts: RoomParts) {
    this.#parts = parts;
    this.#env = env;
    this.#background = (work) => ctx.waitUntil(work);
    this.#shell = new SocketShell(ctx, {
      kit: parts.kit,
      env,
      timer: LIVE_TIMER,
      actions: ROOM_ACTIONS,
      place: () => ({ kind: "room", name: parts.kit.address.name }),
      refreshed: (id, admission) => this.#apply(this.#live.refreshed(id, admission, parts.kit.now())),
    });
    this.#sockets = this.#shell.book;
    parts.sockets = this;
    parts.presence = this;
    parts.told = (events) => this.#told(events);
  }

  /** A socket from the edge; a refusal is a JSON body with a `Problem`. The room is there, and open. */
  fetch(request: Request): Response {
    return this.#shell.admit(request, {
      onlyEdge: "A room takes sockets from the edge only.",
      takes: (admission) => (isWithPerson(admission) ? admission : undefined),
      refusal: () => this.#live.refusal(),
      enter: ({ person, actions }, now) => {
        const entered = this.#parts.acts.enter(callerOf(person, actions), now);
        if (!entered.ok) return entered.problem;
        this.#told(entered.value.events);
        return undefined;
      },
      join: (id, admission, now) => this.#apply(this.#live.join(id, admission, now)),
    });
  }

  /** A socket's message; the object is open. */
  message(socket: WebSocket, message: string | ArrayBuffer): void {
    const id = this.#sockets.idOf(socket);
    if (id !== undefined) this.#apply(this.#live.receive(id, message, this.#parts.kit.now()));
  }

  /** The other half of the close handshake; what the socket left behind is cleared away by `left`. */
  closing(socket: WebSocket, code: number, reason: string): void {
    this.#sockets.completeClose(socket, code, reason);
  }

  /** A socket is gone, by a close or an error; the object is open. */
  left(socket: WebSocket): void {
    const id = this.#sockets.forget(socket);
    if (id !== undefined) this.#apply(this.#live.leave(id, this.#parts.kit.now()));
  }

  restore(): void {
    clearTimeout(this.#timer);
    this.#machine = undefined;
    const { kit } = this.#parts;
    const attachments = this.#sockets.restore((attachment) => RoomMachine.idOf(attachment));
    if (attachments.length === 0) return;
    this.#apply(this.#live.restore(attachments, kit.timers.get(LIVE_TIMER) ?? null, kit.now()));
    if (this.#parts.head()?.state !== "live") this.gone(); // its removal began before they heard of it
  }

  expire(now: number): void {
    if (this.#machine) this.#apply(this.#machine.expire(now));
  }

  receipt(receipt: Receipt): void {
    this.#apply(this.#live.tellReceipt(receipt, this.#parts.kit.now()));
  }

  gone(): void {
    if (this.#machine) this.#apply(this.#machine.gone(this.#parts.kit.now()));
  }

  count(): number {
    return this.#machine?.sockets ?? 0;
  }

  stateOf(subject: string): "online" | "away" | "offline" {
    return this.#machine?.stateOf(subject) ?? "offline";
  }

  closeCredentials(credentials: readonly string[], at?: number): { closed: number; left: number } {
    this.#shell.revoke(credentials, at);
    const { effects, closed } = this.#live.closeCredentials(credentials, at, this.#parts.kit.now());
    this.#apply(effects);
    return { closed, left: this.#live.sockets };
  }

  /** Ends one socket, for an operator. @returns whether there was such a one */
  kick(connectionId: string): boolean {
    const { effects, found } = this.#live.kick(connectionId, this.#parts.kit.now());
    this.#apply(effects);
    return found;
  }

  /** Made once somebody needs it: of a room that nobody connects to nothing is made. */
  get #live(): RoomMachine {
    return (this.#machine ??= new RoomMachine({
      acts: this.#parts.acts,
      room: this.#parts.kit.address.name,
      deflate: (text) => deflateRawSync(text, { level: DEFLATE_LEVEL }),
      fannedOut: (events, now) => this.#parts.fannedOut(events, now),
    }));
  }

  #told(events: readonly RoomEvent[]): void {
    if (this.#machine && events.length > 0) this.#apply(this.#machine.tell(events, this.#parts.kit.now()));
  }

  /** Does what the machine wants, in order and at once. */
  #apply(effects: readonly RoomEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "share":
          for (const socket of effect.sockets) this.#sockets.send(socket, effect.frame);
          break;
        case "wake":
          clearTimeout(this.#timer);
          // Pacing only: what is lost with this timer was acknowledged to nobody.
          this.#timer = setTimeout(() => this.#pump(), effect.inMs);
          break;
        case "report":
          this.#background(this.#report(effect.report));
          break;
        case "failed":
          logLine("error", "a room's changes could not be stored", { error: errorText(effect.error) });
          break;
        case "send":
        case "save":
        case "close":
        case "expiry":
        case "verify": {
          const asked = this.#shell.do(effect);
          if (asked) this.#background(asked);
        }
      }
    }
  }

  #pump(): void {
    // It may have been removed meanwhile: then there is nothing to read, and nobody left to tell.
    if (this.#parts.head()?.state !== "live") return;
    try {
      this.#apply(this.#live.pump(this.#parts.kit.now()));
    } catch (error) {
      logLine("error", "a room's news could not be told", { error: errorText(error) });
    }
  }

  async #report(report: RoomReport): Promise<void> {
    const { kit } = this.#parts;
    const { tenantId, name } = kit.address;
    const ofObject = { outboxDepth: kit.outbox.status().depth, slowQueries: [], queued: { critical: 0, normal: 0, low: 0 } };
    try {
      const figures = objectAt(this.#env.REALTIME, { tenantId, kind: "realtime", name: "main" });
      this.#machine?.watched(await callObject(() => figures.report(`room/${name}`, { ...report, ...ofObject })));
    } catch (error) {
      // Operators see the next one.
      logLine("warn", "a room's figures could not be reported", { error: errorText(error) });
    }
  }
}

function isWithPerson(admission: Admission): admission is RoomAdmission {
  return admission.person !== undefined;
}
