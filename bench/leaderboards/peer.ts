import Fastify from "fastify";
import { Redis } from "ioredis";

/**
 * A leaderboard as a team writes it: Fastify in front of one Redis sorted set, one pipeline per request, a bearer token. Started as a
 * process of its own; prints its port. Arguments: the path of the Redis socket and the token.
 */
const [, , socketPath = "", token = ""] = process.argv;
const redis = new Redis(socketPath);
const app = Fastify({ bodyLimit: 16 * 1024 * 1024 });
const KEY = "board";

app.addHook("onRequest", async (request, reply) => {
  if (request.headers.authorization !== `Bearer ${token}`) await reply.code(401).send({ error: "unauthorized" });
});

interface Score {
  readonly player: string;
  readonly score: number;
}
const scoreSchema = {
  type: "object",
  required: ["player", "score"],
  properties: { player: { type: "string", maxLength: 128 }, score: { type: "number" } },
} as const;

app.post<{ Body: Score }>("/scores", { schema: { body: scoreSchema } }, async ({ body: { player, score } }) => {
  const answers = await redis
    .multi()
    .zrevrank(KEY, player)
    .zadd(KEY, "GT", score, player)
    .zrevrank(KEY, player)
    .zscore(KEY, player)
    .zcard(KEY)
    .exec();
  const [previousRank, , rank, best, total] = answers?.map(([, value]) => value) ?? [];
  return { previousRank, rank, score: Number(best), total };
});
app.get<{ Params: { player: string } }>("/players/:player", async ({ params: { player } }) => {
  const answers = await redis.multi().zrevrank(KEY, player).zscore(KEY, player).zcard(KEY).exec();
  const [rank, score, total] = answers?.map(([, value]) => value) ?? [];
  return { rank, score: Number(score), total };
});
app.get("/top", async () => {
  const flat = await redis.zrevrange(KEY, 0, 99, "WITHSCORES");
  const items = [];
  for (let i = 0; i < flat.length; i += 2) items.push({ rank: i / 2 + 1, player: flat[i], score: Number(flat[i + 1]) });
  return { items };
});
app.post<{ Body: { items: Score[] } }>(
  "/batches",
  {
    schema: {
      body: { type: "object", required: ["items"], properties: { items: { type: "array", maxItems: 1_000, items: scoreSchema } } },
    },
  },
  async ({ body: { items } }) => {
    await redis.zadd(KEY, "GT", ...items.flatMap(({ player, score }) => [score, player]));
    return { accepted: items.length };
  },
);

await app.listen({ host: "127.0.0.1", port: 0 });
const address = app.server.address();
console.log(typeof address === "object" && address ? address.port : "");
