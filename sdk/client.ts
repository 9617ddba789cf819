import { authApi } from "./api/auth.ts";
import { agentsApi, auditApi, deadLettersApi, eventsApi, invitationsApi, keysApi, membersApi, selfApi, tenantApi } from "./api/control.ts";
import { accessApi, issuersApi, platformApi, publicApi, settingsApi, subjectsApi, tokensApi } from "./api/identity.ts";
import { leaderboardsApi } from "./api/leaderboards.ts";
import { connectApi } from "./api/live.ts";
import { hostsApi, metricsApi } from "./api/observe.ts";
import { realtimeApi } from "./api/realtime.ts";
import { roomsApi } from "./api/rooms.ts";
import { topicsApi } from "./api/topics.ts";
import { type Call, type CallOptions, type MeridianOptions, transport } from "./transport.ts";

export { MeridianError } from "./errors.ts";
export { everyItem } from "./pages.ts";
export type { CallOptions, MeridianOptions } from "./transport.ts";

/**
 * A typed client of one deployment: `new Meridian({ url, key })` for services, `new Meridian()` in the console, where the session
 * cookie speaks. Requests that are safe to repeat are repeated on network errors, 429 and 503, with Retry-After honoured.
 * Every method may reject with {@link MeridianError}, or with the reason of the given signal.
 */
export class Meridian {
  readonly #call: Call;
  readonly #self: ReturnType<typeof selfApi>;
  readonly metrics: ReturnType<typeof metricsApi>;
  readonly hosts: ReturnType<typeof hostsApi>;
  readonly agents: ReturnType<typeof agentsApi>;
  readonly keys: ReturnType<typeof keysApi>;
  readonly members: ReturnType<typeof membersApi>;
  readonly invitations: ReturnType<typeof invitationsApi>;
  readonly events: ReturnType<typeof eventsApi>;
  readonly deadLetters: ReturnType<typeof deadLettersApi>;
  readonly audit: ReturnType<typeof auditApi>;
  readonly connect: ReturnType<typeof connectApi>;
  readonly tenant: ReturnType<typeof tenantApi>;
  readonly auth: ReturnType<typeof authApi>;
  readonly tokens: ReturnType<typeof tokensApi>;
  readonly issuers: ReturnType<typeof issuersApi>;
  readonly subjects: ReturnType<typeof subjectsApi>;
  readonly public: ReturnType<typeof publicApi>;
  readonly settings: ReturnType<typeof settingsApi>;
  readonly access: ReturnType<typeof accessApi>;
  readonly platform: ReturnType<typeof platformApi>;
  readonly leaderboards: ReturnType<typeof leaderboardsApi>;
  readonly rooms: ReturnType<typeof roomsApi>;
  readonly topics: ReturnType<typeof topicsApi>;
  readonly realtime: ReturnType<typeof realtimeApi>;

  constructor(options: MeridianOptions = {}) {
    const call = transport(options);
    this.#call = call;
    this.#self = selfApi(call);
    this.metrics = metricsApi(call);
    this.hosts = hostsApi(call);
    this.agents = agentsApi(call);
    this.keys = keysApi(call);
    this.members = membersApi(call);
    this.invitations = invitationsApi(call);
    this.events = eventsApi(call);
    this.deadLetters = deadLettersApi(call);
    this.audit = auditApi(call);
    this.connect = connectApi(call);
    this.tenant = tenantApi(call);
    this.auth = authApi(call);
    this.tokens = tokensApi(call);
    this.issuers = issuersApi(call);
    this.subjects = subjectsApi(call);
    this.public = publicApi(call);
    this.settings = settingsApi(call);
    this.access = accessApi(call);
    this.platform = platformApi(call);
    this.leaderboards = leaderboardsApi(call);
    this.rooms = roomsApi(call);
    this.topics = topicsApi(call);
    this.realtime = realtimeApi(call);
  }

  /** Who this client is: the principal behind the key or the cookie, its tenant and what it may do. */
  me(options?: CallOptions) {
    return this.#self.me(options);
  }

  /** The deployment's name and version; needs no credential. */
  deployment(options?: CallOptions) {
    return this.#self.deployment(options);
  }

  /** A route that has no method here yet, with the same errors and repeats. */
  get request(): Call {
    return this.#call;
  }
}
