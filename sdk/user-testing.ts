import type { TokenReply } from "../contract/subjects.ts";
import { json, problem, type Seen } from "./fetch-testing.ts";
import type { TabMessage, Tabs } from "./user-tabs.ts";

/** Tabs of one page that hear each other, with one lock for all of them. */
export class TabBus {
  readonly #listeners = new Map<number, (message: TabMessage) => void>();
  #tabs = 0;
  #last: Promise<unknown> = Promise.resolve();

  tab(): Tabs {
    const id = ++this.#tabs;
    return {
      send: (message) => {
        for (const [other, listen] of this.#listeners) if (other !== id) listen(message);
      },
      onMessage: (listener) => void this.#listeners.set(id, listener),
      alone: async (work) => {
        const turn = this.#last.then(work);
        this.#last = turn.catch(() => undefined);
        return await turn;
      },
      close: () => void this.#listeners.delete(id),
    };
  }
}

/** A door that keeps one family of handles as the real one does: each handle is good once, and a used one ends the family. */
export class FakeDoor {
  readonly seen: Seen[] = [];
  now = 1_700_000_000_000;
  ttlMs = 900_000;
  ended = false;
  /** Failures to answer the next refreshes with: the server has done its work, the answer is lost. */
  lost = 0;
  issuer = "hosted";
  cookie: string | null = null;
  #made = 0;
  #handle = "";
  #before = "";
  #token = "";

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const one = { url, init, headers: new Headers(init.headers) };
    this.seen.push(one);
    const path = new URL(url).pathname.replace(/^\/p\/acme/, "");
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as { refreshHandle?: string; keep?: string }) : {}; // what our own client sent
    switch (path) {
      case "/v1/subjects/guest":
      case "/v1/subjects/login":
      case "/v1/subjects/verify":
        this.ended = false;
        return json(this.#next(body.keep === "cookie"));
      case "/v1/subjects/refresh":
      case "/v1/tokens/refresh": {
        const handle = body.refreshHandle ?? (init.credentials === "include" ? this.cookie : null);
        if (handle === null && path === "/v1/subjects/refresh") return new Response(null, { status: 204 });
        const known = handle !== null && (handle === this.#handle || handle === this.#before);
        if (this.ended || !known) {
          this.ended = true;
          return problem(401, "unauthenticated");
        }
        const reply = this.#next(body.refreshHandle === undefined);
        if (this.lost > 0) {
          this.lost--;
          throw new TypeError("the connection was lost");
        }
        return json(reply);
      }
      case "/v1/subjects/logout":
        this.ended = true;
        return new Response(null, { status: 204 });
      default:
        return one.headers.get("authorization") === `Bearer ${this.#token}`
          ? json({ token: this.#token })
          : problem(401, "unauthenticated");
    }
  };

  /** What was sent, one text per request that had a body. */
  bodies(): string[] {
    return this.seen.flatMap(({ init }) => (typeof init.body === "string" ? [init.body] : []));
  }

  /** How often a path was asked. */
  asked(path: string): number {
    return this.seen.filter(({ url }) => new URL(url).pathname.endsWith(path)).length;
  }

  /** What the present token is worth ends here. */
  revokeToken(): void {
    this.#token = "";
  }

  #next(intoCookie: boolean): TokenReply {
    const n = ++this.#made;
    this.#token = `token-${n}`;
    this.#before = this.#handle;
    this.#handle = `mrr_acme_0_f_${n}`;
    if (intoCookie) this.cookie = this.#handle;
    return {
      token: this.#token,
      expiresAt: new Date(this.now + this.ttlMs).toISOString(),
      subject: { issuer: this.issuer, sub: "u1", name: "Ada", guest: true },
      refreshHandle: intoCookie ? null : this.#handle,
    };
  }
}
