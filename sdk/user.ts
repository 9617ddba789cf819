import type { z } from "zod";
import type { TicketReply } from "../contract/live.ts";
import { HOSTED, MINTED } from "../contract/subject-id.ts";
import type {
  guestSchema,
  registeredSchema,
  registerSchema,
  subjectPasswordSchema,
  SubjectSelf,
  TokenReply,
} from "../contract/subjects.ts";
import { leaderboardsApi } from "./api/leaderboards.ts";
import { metricsApi } from "./api/observe.ts";
import { roomsApi } from "./api/rooms.ts";
import { MeridianError } from "./errors.ts";
import { LiveClient, liveDeps } from "./live.ts";
import { type Call, type CallOptions, type MeridianOptions, transport } from "./transport.ts";
import { type HeldSession, UserSession } from "./user-session.ts";
import { type Tabs, tabsOf } from "./user-tabs.ts";

export { MeridianError } from "./errors.ts";

export interface MeridianUserOptions extends Pick<MeridianOptions, "url" | "fetch" | "sleep" | "random" | "timeoutMs"> {
  /** The tenant's slug; left out on a host of the tenant's own. */
  readonly slug?: string;
  /**
   * Where what renews the session is kept. `cookie`: an HttpOnly cookie, for pages on the deployment's own site, survives a reload.
   * `memory`: in this page's tabs only. Default: `cookie` where the page and the deployment have the same origin.
   */
  readonly keep?: "cookie" | "memory";
  /** Replaced in tests. */
  readonly tabs?: Tabs;
  readonly now?: () => number;
}

export type UserBoards = Pick<
  ReturnType<typeof leaderboardsApi>,
  "get" | "startRun" | "submit" | "top" | "entries" | "search" | "lookup" | "windows" | "feed" | "rank" | "around" | "player"
>;
export type UserRooms = Omit<ReturnType<typeof roomsApi>, "catalogue" | "importMessages" | "trace">;
export type RegisterInput = z.input<typeof registerSchema>;
export type Registered = z.infer<typeof registeredSchema>;
export type UserSubject = TokenReply["subject"];

/**
 * An end user of a tenant, in their browser: signs in, stays signed in over all tabs, and asks as themselves; signed out it asks as
 * anybody may at the tenant's door.
 *
 *     const user = new MeridianUser({ url: "https://meridian.example", slug: "acme" });
 *     await user.start();
 *     if (!user.subject) await user.guest({ name: "Ada" });
 *     const { series } = await user.metrics.query({ metric: "shop_orders", start, end });
 *
 * Every method may reject with {@link MeridianError}.
 */
export class MeridianUser {
  /** A route of the door, with the token of whoever is signed in. */
  readonly request: Call;
  readonly metrics: Pick<ReturnType<typeof metricsApi>, "query">;
  /** Boards, as far as the tenant lets end users: their own scores in, ranks out. */
  readonly leaderboards: UserBoards;
  /** Rooms, as far as the tenant lets end users. One that is open and kept current is `openRoom` of `/sdk/room.js`. */
  readonly rooms: UserRooms;
  readonly #session: UserSession;
  readonly #tabs: Tabs;
  readonly #keep: "cookie" | "answer";
  /** Without a token; cookies only where they are the proof. */
  readonly #plain: Call;
  readonly #withCookie: Call;
  readonly #door: string;

  constructor(options: MeridianUserOptions = {}) {
    const { url = "", slug } = options;
    this.#door = slug === undefined ? "" : `/p/${encodeURIComponent(slug)}`;
    const sameOrigin = url === "" || (typeof location !== "undefined" && new URL(url, location.href).origin === location.origin);
    this.#keep = (options.keep ?? (sameOrigin ? "cookie" : "memory")) === "cookie" ? "cookie" : "answer";
    const send = options.fetch ?? ((address: string, init: RequestInit) => fetch(address, init));
    this.#plain = transport({ ...options, fetch: async (address, init) => await send(address, { ...init, credentials: "omit" }) });
    this.#withCookie = transport({ ...options, fetch: async (address, init) => await send(address, { ...init, credentials: "include" }) });
    this.#tabs = options.tabs ?? tabsOf(`meridian-user ${url} ${slug ?? ""}`);
    this.#session = new UserSession({
      tabs: this.#tabs,
      refresh: async (held) => await this.#refresh(held),
      now: options.now ?? Date.now,
      sleep: options.sleep ?? (async (ms) => await new Promise((done) => setTimeout(done, ms))),
    });
    const asUser = transport({ ...options, fetch: async (address, init) => await this.#send(send, address, init) });
    this.request = async (method, path, parts) => await asUser(method, `${this.#door}${path}`, parts);
    this.metrics = { query: metricsApi(this.request).query };
    this.leaderboards = leaderboardsApi(this.request);
    this.rooms = roomsApi(this.request);
  }

  /** Who is signed in; null when nobody is. */
  get subject(): UserSubject | null {
    return this.#session.held?.subject ?? null;
  }

  /** Calls back after every sign-in, renewal and sign-out, in whichever tab. Answers how to stop. */
  onChange(listener: (subject: UserSubject | null) => void): () => void {
    return this.#session.onChange(() => listener(this.subject));
  }

  /** Finds who is signed in already: in another tab, or by the cookie. Call it once, first. */
  async start(): Promise<UserSubject | null> {
    await this.#session.find(this.#keep === "cookie");
    return this.subject;
  }

  /** Asks for an account. The answer is the same whether or not the address has one: a link is mailed, see {@link verify}. */
  async register(input: RegisterInput, options?: CallOptions): Promise<Registered> {
    return await this.#plain<Registered>("POST", this.#at("register"), { body: input, options });
  }

  /** Uses the mailed link's token, with the password that was chosen: the account exists from now on, and this browser is signed in. */
  async verify(token: string, password: string, options?: CallOptions): Promise<UserSubject> {
    return await this.#begin("verify", { token, password }, options);
  }

  async login(email: string, password: string, options?: CallOptions): Promise<UserSubject> {
    return await this.#begin("login", { email, password }, options);
  }

  /** Comes in without an address; {@link upgrade} adds one later, and the person stays the same. */
  async guest(input: Omit<z.input<typeof guestSchema>, "keep"> = {}, options?: CallOptions): Promise<UserSubject> {
    return await this.#begin("guest", input, options);
  }

  /** Gives the guest who is signed in an address and a password, once the mailed link is used. */
  async upgrade(input: RegisterInput, options?: CallOptions): Promise<Registered> {
    return await this.request<Registered>("POST", "/v1/subjects/upgrade", { body: input, options });
  }

  /** Takes a token that the tenant's own backend minted for this user. */
  adopt(reply: TokenReply): UserSubject {
    this.#session.take(reply);
    return reply.subject;
  }

  /** Ends this session, or with `everywhere` all of this person. The tabs are signed out even when the server cannot be told. */
  async logout(everywhere = false, options?: CallOptions): Promise<void> {
    const { held } = this.#session;
    if (!held) return;
    const token = await this.#session.token().catch(() => held.token); // one that can no longer be renewed may still end its session
    this.#session.take(null);
    if (held.subject.issuer !== HOSTED || token === undefined) return;
    const body = { everywhere, ...(held.refreshHandle === null ? {} : { refreshHandle: held.refreshHandle }) };
    await this.#withCookie("POST", this.#at("logout"), { body, headers: { authorization: `Bearer ${token}` }, repeat: "safe", options });
  }

  async me(options?: CallOptions): Promise<SubjectSelf> {
    return await this.request<SubjectSelf>("GET", "/v1/subjects/me", { options });
  }

  /** Every other session ends. */
  async changePassword(input: z.input<typeof subjectPasswordSchema>, options?: CallOptions): Promise<void> {
    await this.request<undefined>("POST", "/v1/subjects/password", { body: input, repeat: "never", options });
  }

  /** Deletes this person and everything of them, for good. */
  async deleteMe(options?: CallOptions): Promise<void> {
    await this.request<undefined>("DELETE", "/v1/subjects/me", { options });
    this.#session.take(null);
  }

  /** A token for another library or the tenant's backend; undefined when nobody is signed in. Keep it in memory only. */
  async token(): Promise<string | undefined> {
    return await this.#session.token();
  }

  /** A live socket as this user, through the door. */
  live(): LiveClient {
    return new LiveClient(liveDeps(async () => (await this.request<TicketReply>("POST", "/v1/connect/tickets", { repeat: "safe" })).url));
  }

  /** Lets go of the other tabs; the session stays with them. */
  close(): void {
    this.#tabs.close();
  }

  #at(what: string): string {
    return `${this.#door}/v1/subjects/${what}`;
  }

  async #begin(what: string, input: object, options: CallOptions | undefined): Promise<UserSubject> {
    const call = this.#keep === "cookie" ? this.#withCookie : this.#plain;
    const reply = await call<TokenReply>("POST", this.#at(what), { body: { ...input, keep: this.#keep }, repeat: "never", options });
    return this.adopt(reply);
  }

  async #refresh(held: HeldSession | null): Promise<TokenReply | null> {
    if (held && held.subject.issuer !== HOSTED) return await this.#refreshMinted(held);
    const handle = held?.refreshHandle ?? null;
    const body = handle === null ? {} : { refreshHandle: handle };
    const call = handle === null ? this.#withCookie : this.#plain;
    const reply = await repeatLost(async () => await call<TokenReply | undefined>("POST", this.#at("refresh"), { body, repeat: "never" }));
    return reply ?? null;
  }

  async #refreshMinted({ subject, refreshHandle }: HeldSession): Promise<TokenReply> {
    if (subject.issuer !== MINTED || refreshHandle === null) {
      throw new MeridianError({ status: 401, slug: "unauthenticated", detail: "The token has ended: get another from whoever issued it." });
    }
    const body = { refreshHandle };
    return await repeatLost(async () => await this.#plain<TokenReply>("POST", "/v1/tokens/refresh", { body, repeat: "never" }));
  }

  /** Sends as the user; a token that is refused is renewed once. */
  async #send(send: NonNullable<MeridianOptions["fetch"]>, address: string, init: RequestInit): Promise<Response> {
    const once = async (token: string | undefined): Promise<Response> => {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      return await send(address, { ...init, headers, credentials: "omit" });
    };
    const token = await this.#session.token();
    const response = await once(token);
    if (response.status !== 401 || token === undefined) return response;
    const next = await this.#session.token(token);
    return next === undefined ? response : await once(next);
  }
}

/** An answer that was lost on the way may be asked for once more at once: the server takes the handle before the newest for some seconds. */
async function repeatLost<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof MeridianError) || error.slug !== "network") throw error;
    return await ask();
  }
}
