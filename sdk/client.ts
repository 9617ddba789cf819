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

class Caller {
  /** A route that has no method here yet, with the same errors and repeats. */
  readonly request: Call;

  constructor(options: MeridianOptions = {}) {
    this.request = transport(options);
  }
}

/**
 * A typed client of one deployment: `new Meridian({ url, key })` for services, `new Meridian()` in the console, where the session
 * cookie speaks. Requests that are safe to repeat are repeated on network errors, 429 and 503, with Retry-After honoured.
 * Every method may reject with {@link MeridianError}, or with the reason of the given signal.
 */
export class Meridian extends Caller {
  readonly #self = selfApi(this.request);
  readonly metrics = metricsApi(this.request);
  readonly hosts = hostsApi(this.request);
  readonly agents = agentsApi(this.request);
  readonly keys = keysApi(this.request);
  readonly members = membersApi(this.request);
  readonly invitations = invitationsApi(this.request);
  readonly events = eventsApi(this.request);
  readonly deadLetters = deadLettersApi(this.request);
  readonly audit = auditApi(this.request);
  readonly connect = connectApi(this.request);
  readonly tenant = tenantApi(this.request);
  readonly auth = authApi(this.request);
  readonly tokens = tokensApi(this.request);
  readonly issuers = issuersApi(this.request);
  readonly subjects = subjectsApi(this.request);
  readonly public = publicApi(this.request);
  readonly settings = settingsApi(this.request);
  readonly access = accessApi(this.request);
  readonly platform = platformApi(this.request);
  readonly leaderboards = leaderboardsApi(this.request);
  readonly rooms = roomsApi(this.request);
  readonly topics = topicsApi(this.request);
  readonly realtime = realtimeApi(this.request);

  /** Who this client is: the principal behind the key or the cookie, its tenant and what it may do. */
  me(options?: CallOptions) {
    return this.#self.me(options);
  }

  /** The deployment's name and version; needs no credential. */
  deployment(options?: CallOptions) {
    return this.#self.deployment(options);
  }
}
