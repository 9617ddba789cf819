import * as z from "zod";
import { LEADERBOARD_LIMITS } from "../../contract/leaderboard-limits.ts";
import { type KnownPrincipal, may } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { readBody } from "../http/body.ts";
import { route } from "../http/define-route.ts";
import { parseJson } from "../http/json.ts";
import type { ObjectCall } from "../http/objects.ts";
import type { RouteSpec } from "../http/route.ts";
import { encodeReply, redisProblem, wantsBase64 } from "./redis-answers.ts";
import { runCommands } from "./redis-calls.ts";
import { readMany, readSingle, type SentCommand } from "./redis-request.ts";

const { redisBytes, redisCommands, redisTransaction } = LEADERBOARD_LIMITS;

const NO_WRITE = "this credential lacks sorted-sets:write";
const COMMANDS =
  "Commands: ZADD, ZINCRBY, ZREM, DEL, which need sorted-sets:write as well; ZCARD, ZCOUNT, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZRANGE.";

/** What `@upstash/redis` sends of its own. Only the first means anything here. */
const CLIENT_HEADERS = [
  "upstash-encoding",
  "upstash-sync-token",
  "upstash-telemetry-runtime",
  "upstash-telemetry-sdk",
  "upstash-telemetry-platform",
  "upstash-telemetry-retry",
];

const word = z.union([z.string(), z.number(), z.boolean()]);
const replySchema = z.object({ result: z.unknown().optional(), error: z.string().optional() });

/** What the three paths share. Those that change a key need `sorted-sets:write` as well, which the handler sees to. */
const shared = {
  method: "post",
  action: "sorted-sets:read",
  tag: "live",
  requestHeaders: CLIENT_HEADERS,
  renderProblem: redisProblem,
  problems: ["invalid-body", "invalid-encoding", "payload-too-large", "request-timeout", "board-busy", "unavailable"],
} as const satisfies Partial<RouteSpec>;

const LIMITS = { compressedBytes: redisBytes, decompressedBytes: redisBytes };

function rawBody(schema: z.ZodType) {
  return { mediaTypes: ["application/json"], schema, limits: LIMITS } as const;
}

export function registerRedisRoutes(app: App): void {
  route(
    app,
    {
      ...shared,
      path: "/redis",
      summary: "Run a Redis command over a sorted set",
      description: `A command as Upstash's Redis REST takes it. 200 with \`result\`, 400 with \`error\`. ${COMMANDS}`,
      rawBody: rawBody(z.array(word)),
      answer: { status: 200, schema: replySchema },
    },
    async (call) => {
      const json = await readJson(call.request);
      if (!json.ok) return json;
      const command = readSingle(json.value);
      if (!command.ok) return command;
      if (!mayRun(call.principal, command.value)) return refuse("forbidden", NO_WRITE);
      const [reply = { result: null }] = await runCommands(call, [command.value]);
      return Response.json(encodeReply(reply, wantsBase64(call.request.headers)), { status: "error" in reply ? 400 : 200 });
    },
  );
  route(
    app,
    {
      ...shared,
      path: "/redis/pipeline",
      summary: "Run Redis commands over sorted sets, each by itself",
      description: `Commands in order; 200 with one answer per command, \`result\` or \`error\`. Not atomic. At most ${redisCommands}. ${COMMANDS}`,
      rawBody: rawBody(z.array(z.array(word))),
      answer: { status: 200, schema: z.array(replySchema) },
    },
    async (call) => {
      const json = await readJson(call.request);
      if (!json.ok) return json;
      const commands = readMany(json.value, { commands: redisCommands });
      if (!commands.ok) return commands;
      const allowed = commands.value.map((command) => (mayRun(call.principal, command) ? command : { error: `NOPERM ${NO_WRITE}` }));
      return await answerMany(call, allowed);
    },
  );
  route(
    app,
    {
      ...shared,
      path: "/redis/multi-exec",
      summary: "Run Redis commands over one sorted set as a transaction",
      description: `Commands over one key with nobody in between; 200 with one answer per command. A command that Redis would not queue discards all: 400. At most ${redisTransaction}. ${COMMANDS}`,
      rawBody: rawBody(z.array(z.array(word))),
      answer: { status: 200, schema: z.array(replySchema) },
    },
    async (call) => {
      const json = await readJson(call.request);
      if (!json.ok) return json;
      const commands = readMany(json.value, { commands: redisTransaction });
      if (!commands.ok) return commands;
      if (!commands.value.every((command) => mayRun(call.principal, command))) return refuse("forbidden", NO_WRITE);
      const fault = transactionFault(commands.value);
      return fault === undefined ? await answerMany(call, commands.value) : Response.json({ error: fault }, { status: 400 });
    },
  );
}

async function readJson(request: Request): Promise<Outcome<unknown>> {
  const bytes = await readBody(request, LIMITS);
  if (!bytes.ok) return bytes;
  const json = parseJson(bytes.value);
  return json.ok ? accept(json.value) : json;
}

function mayRun(principal: KnownPrincipal, command: SentCommand): boolean {
  return "error" in command || !command.writes || may(principal, "sorted-sets:write");
}

async function answerMany(call: ObjectCall & { readonly request: Request }, commands: readonly SentCommand[]): Promise<Response> {
  const base64 = wantsBase64(call.request.headers);
  const replies = await runCommands(call, commands);
  return Response.json(replies.map((reply) => encodeReply(reply, base64)));
}

/** Why nothing of a transaction is run, in Redis' words. */
function transactionFault(commands: readonly SentCommand[]): string | undefined {
  if (commands.some((command) => "error" in command)) return "EXECABORT Transaction discarded because of previous errors.";
  const keys = new Set(commands.flatMap((command) => ("keys" in command ? command.keys : [])));
  return keys.size > 1 ? "CROSSSLOT Keys in request don't hash to the same slot" : undefined;
}
