import type { Grant } from "../../contract/grants.ts";
import { type Scope, SCOPES } from "../../contract/permissions.ts";
import type { SubmitReply } from "../../contract/leaderboard-scores.ts";
import type { BoardView } from "../../contract/leaderboards.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { ask, type Asked, edgeEnv, seedKey, seedTenant, type SeededTenant } from "../../workers/control/testing.ts";
import type { EdgeEnv } from "../../workers/env.ts";
import type { LeaderboardRpc } from "../../contract/rpc/leaderboard.ts";

/** A tenant with a key for everything, and ways to ask its boards. */
export interface BoardTenant extends SeededTenant {
  readonly key: string;
  /** Below `/v1/leaderboards`. */
  readonly at: (path: string, how?: Asked) => Promise<Response>;
  readonly board: (board: string, config?: object) => Promise<BoardView>;
  readonly submit: (board: string, player: string, score: number, more?: object) => Promise<SubmitReply>;
  /** An end user with these grants. */
  readonly person: (sub: string, grants?: readonly Grant[], name?: string) => Promise<string>;
}

export async function seedBoards(scopes: readonly Scope[] = SCOPES): Promise<BoardTenant> {
  const tenant = await seedTenant();
  const { secret: key } = await seedKey(tenant, [...scopes]);
  const at = async (path: string, how: Asked = {}) => await ask(`/v1/leaderboards${path}`, { key, ...how });
  return {
    ...tenant,
    key,
    at,
    board: async (board, config = {}) => await fine<BoardView>(await at("", { body: { board, ...config } }), 201),
    submit: async (board, player, score, more = {}) =>
      await fine<SubmitReply>(await at(`/${board}/scores`, { body: { player, score, ...more } }), 200),
    person: async (sub, grants = [], name = sub) =>
      (await fine<TokenReply>(await ask("/v1/tokens", { key, body: { sub, name, grants } }), 201)).token,
  };
}

/** The answer, when it has this status. */
export async function fine<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text) as T; // what the route's own schema says
}

/** The slug of a refusal with its status. */
export async function refusal(response: Response): Promise<[number, string]> {
  const { type } = await response.json<{ type: string }>();
  return [response.status, type.replace("/problems/", "")];
}

/** Bindings whose boards answer as given; what is not given goes to the real ones. */
export function withBoards(methods: Partial<LeaderboardRpc>): Pick<EdgeEnv, "LEADERBOARDS"> {
  return {
    LEADERBOARDS: {
      getByName: (name: string) => {
        const real = edgeEnv.LEADERBOARDS.getByName(name);
        return new Proxy(real, {
          get: (target, method) => methods[method as keyof LeaderboardRpc] ?? Reflect.get(target, method, target), // the caller's own names
        });
      },
    },
  };
}
