import type { TokenReply } from "../contract/subjects.ts";
import { MeridianError } from "./errors.ts";
import type { Tabs } from "./user-tabs.ts";

/** A session as a tab holds it: in memory, never in localStorage. */
export interface HeldSession {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly subject: TokenReply["subject"];
  /** Null where the handle sits in an HttpOnly cookie. */
  readonly refreshHandle: string | null;
}

export interface SessionDeps {
  readonly tabs: Tabs;
  /** Asks the server for the next token; null when there is no session to renew. @throws MeridianError with status 401 when it has ended */
  readonly refresh: (held: HeldSession | null) => Promise<TokenReply | null>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A token with less life than this is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;
/** A new tab waits so long for the others to say what they have. */
const ASK_MS = 150;

/**
 * The one session of all tabs of a page: whoever needs a token renews it while no other tab does, and tells the others. A handle
 * is used once, so two tabs that refresh at the same time would end the session.
 */
export class UserSession {
  readonly #deps: SessionDeps;
  readonly #listeners = new Set<() => void>();
  #held: HeldSession | null = null;
  /** When what is held was learned; a later one wins, whichever tab it came from. */
  #at = Number.NEGATIVE_INFINITY;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    deps.tabs.onMessage((message) => {
      if (message.type === "session") this.#learn(message.session, message.at);
      else if (this.#at > Number.NEGATIVE_INFINITY) deps.tabs.send({ type: "session", session: this.#held, at: this.#at });
    });
  }

  get held(): HeldSession | null {
    return this.#held;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Finds a session that exists already: another tab's, else the cookie's when there may be one.
   * @throws MeridianError when the server cannot be asked; being signed out is no error
   */
  async find(mayHaveCookie: boolean): Promise<void> {
    this.#deps.tabs.send({ type: "ask" });
    await this.#deps.sleep(ASK_MS);
    if (this.#at > Number.NEGATIVE_INFINITY || !mayHaveCookie) return;
    await this.#renew(null);
  }

  /** Takes a session that was just begun, here and in the other tabs; null ends it. */
  take(reply: TokenReply | null): void {
    const at = this.#deps.now();
    this.#learn(reply && heldOf(reply), Math.max(at, this.#at + 1));
    this.#deps.tabs.send({ type: "session", session: this.#held, at: this.#at });
  }

  /**
   * A token that is good for a while; undefined when nobody is signed in.
   * @param refused a token that the server has refused: another one is wanted
   * @throws MeridianError when it cannot be renewed just now
   */
  async token(refused?: string): Promise<string | undefined> {
    const held = this.#held;
    if (!held) return undefined;
    if (held.token !== refused && held.expiresAt - RENEW_BEFORE_MS > this.#deps.now()) return held.token;
    return (await this.#renew(held))?.token;
  }

  /** @param before what was held when the wish for another arose */
  async #renew(before: HeldSession | null): Promise<HeldSession | null> {
    return await this.#deps.tabs.alone(async () => {
      const overtaken = (): boolean => this.#held?.token !== before?.token;
      // While this tab waited for its turn another one may have done it.
      if (overtaken()) return this.#held;
      let reply: TokenReply | null = null;
      try {
        reply = await this.#deps.refresh(before);
      } catch (error) {
        if (!(error instanceof MeridianError) || error.status !== 401) throw error;
      }
      // Whoever signed in or out while the server was asked did so later than what it answers is about.
      if (!overtaken()) this.take(reply);
      return this.#held;
    });
  }

  #learn(session: HeldSession | null, at: number): void {
    if (at <= this.#at) return;
    this.#at = at;
    this.#held = session;
    for (const listener of this.#listeners) listener();
  }
}

function heldOf({ token, expiresAt, subject, refreshHandle }: TokenReply): HeldSession {
  return { token, expiresAt: Date.parse(expiresAt), subject, refreshHandle };
}
