import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import type { Action } from "../../contract/permissions.ts";
import type { Problem } from "../../contract/problems.ts";
import type { Admission, LivePlace } from "../../contract/rpc/hub.ts";
import type { SocketEffect } from "../../core/live/effects.ts";
import { errorText, logLine } from "../kit/log.ts";
import type { ObjectKit } from "../kit/object-kit.ts";
import { answerProblem, readAdmission } from "./admission.ts";
import { HubGate } from "./hub-gate.ts";
import { admissionOf, type TokenPlace } from "./hub-token.ts";
import { SocketBook } from "./socket-book.ts";

export interface SocketShellDeps {
  readonly kit: ObjectKit;
  readonly env: TokenPlace["env"];
  /** What of the kit's timers holds the end of the first credential. */
  readonly timer: string;
  /** What channels here ask for. */
  readonly actions: readonly Action[];
  /** The object that tickets have to name; undefined at hubs, where they name none. Asked once the object is open. */
  place(): LivePlace | undefined;
  /** Whom a `refresh` belongs to; null: to nobody who may come in. */
  refreshed(socket: string, admission: Admission | null): void | Promise<void>;
}

/** How a socket comes in. */
export interface Door<A extends Admission> {
  /** What a request without the edge's word is told. */
  readonly onlyEdge: string;
  /** What of the edge's word is enough here; undefined refuses it. */
  takes(admission: Admission): A | undefined;
  /** Why one more cannot come in, if so: asked before the ticket is used up. */
  refusal(): Problem | undefined;
  /** What else may refuse it, once the gate has let it in; absent where nothing does. */
  enter?(admission: A, now: number): Problem | undefined;
  /** Its first effect has to save the socket's attachment. */
  join(id: string, admission: A, now: number): void;
}

/** What every object with native sockets does alike: admission, the gate, and the effects of `SocketMachine`. Make it in the constructor. */
export class SocketShell {
  readonly book: SocketBook;
  readonly gate: HubGate;
  readonly #deps: SocketShellDeps;

  constructor(ctx: DurableObjectState, deps: SocketShellDeps) {
    this.book = new SocketBook(ctx);
    this.gate = new HubGate(ctx.storage.sql);
    this.#deps = deps;
  }

  /** A socket from the edge; a refusal is a JSON body with a `Problem`. The object is open. */
  admit<A extends Admission>(request: Request, door: Door<A>): Response {
    const { kit } = this.#deps;
    const known = readAdmission(request);
    const admission = known && door.takes(known);
    if (!admission) return answerProblem({ slug: "bad-request", detail: door.onlyEdge });
    const now = kit.now();
    const problem = door.refusal() ?? kit.transaction(() => this.gate.admit(admission, now)) ?? door.enter?.(admission, now);
    if (problem) return answerProblem(problem);
    const id = uuidv7(now, cryptoRandom);
    const response = this.book.accept(id, admission, request);
    door.join(id, admission, now);
    return response;
  }

  /** What was checked for these before `at` opens nothing any more; left out: before now. */
  revoke(credentials: readonly string[], at: number | undefined): void {
    const { kit } = this.#deps;
    kit.transaction(() => this.gate.revoke(credentials, at ?? kit.now()));
  }

  /** Does it at once. @returns what asks others, and never rejects by their fault */
  do(effect: SocketEffect): Promise<void> | undefined {
    switch (effect.type) {
      case "send":
        this.book.send(effect.socket, effect.text);
        return undefined;
      case "save":
        this.book.save(effect.socket, effect.attachment);
        return undefined;
      case "close":
        this.book.close(effect.socket, effect.code, effect.reason);
        return undefined;
      case "expiry":
        setOrClear(this.#deps.kit, this.#deps.timer, effect.at);
        return undefined;
      case "verify":
        return this.#verify(effect.socket, effect.token);
    }
  }

  async #verify(socket: string, token: string): Promise<void> {
    const { kit, env, actions } = this.#deps;
    let admission: Admission | null = null;
    try {
      const place = this.#deps.place();
      const at = { env, tenantId: kit.address.tenantId, actions, ...(place && { place }) };
      const found = await admissionOf(at, token, kit.now());
      if (found && !kit.transaction(() => this.gate.admit(found, kit.now()))) admission = found;
    } catch (error) {
      // The socket keeps the credential it has and may try again.
      logLine("warn", "a refresh could not be checked", { error: errorText(error) });
    }
    await this.#deps.refreshed(socket, admission);
  }
}

/** A deadline as a machine wants it; null takes it away. One that stands already costs no row. */
export function setOrClear({ timers }: Pick<ObjectKit, "timers">, name: string, at: number | null): void {
  if (at === null) timers.clear(name);
  else if (timers.get(name) !== at) timers.set(name, at);
}
