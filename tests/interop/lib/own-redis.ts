import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis as Client } from "ioredis";
import { findPeer, peerEnv } from "../../lib/peers.ts";

interface Reply {
  readonly result?: unknown;
  readonly error?: string;
}

/** A Redis of a folder of its own, reached the way `@upstash/redis` reaches a server: as its `Requester`. */
export class OwnRedis {
  readonly #client: Client;
  readonly #stop: () => Promise<void>;

  private constructor(client: Client, stop: () => Promise<void>) {
    this.#client = client;
    this.#stop = stop;
  }

  /** @throws when there is none: ask `havePeers` first */
  static async start(): Promise<OwnRedis> {
    const program = findPeer("redis-server");
    if (program === undefined) throw new Error("redis-server not found");
    const folder = mkdtempSync(join(tmpdir(), "meridian-redis-"));
    const path = join(folder, "redis.sock");
    const args = ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", "--appendonly", "no"];
    const child = spawn(program, args, { stdio: "ignore", env: peerEnv(program) });
    const endWithUs = () => child.kill("SIGKILL");
    process.once("exit", endWithUs);
    const client = new Client(path, { protocol: 2, retryStrategy: (tries) => (tries > 200 ? null : 25) });
    client.on("error", () => undefined); // it does not listen yet; commands wait
    await client.ping();
    return new OwnRedis(client, async () => {
      client.disconnect();
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await ended;
      process.removeListener("exit", endWithUs);
      rmSync(folder, { recursive: true, force: true });
    });
  }

  async stop(): Promise<void> {
    await this.#stop();
  }

  /** A request as the client's HTTP makes it; a single command that fails and a discarded transaction throw, as a status of 400 does there. */
  readonly request = async (request: { readonly path?: string[]; readonly body?: unknown }): Promise<never> => {
    const [path] = request.path ?? [];
    const answer = path === undefined ? await this.#single(request.body) : await this.#many(request.body, path === "multi-exec");
    return answer as never; // the client declares what each command answers
  };

  async #single(body: unknown): Promise<Reply> {
    const reply = await this.#run(wordsOf(body));
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  }

  async #many(body: unknown, atomic: boolean): Promise<Reply[]> {
    const commands = (body as unknown[]).map(wordsOf); // the client's own arrays
    if (!atomic) return await Promise.all(commands.map(async (words) => await this.#run(words)));
    // One after the other over one connection, so that a refusal to queue is seen where it belongs.
    await this.#client.call("MULTI");
    for (const words of commands) await this.#run(words);
    const { result, error } = await this.#run(["EXEC"]);
    if (error !== undefined) throw new Error(error);
    return (result as unknown[]).map((one) => (one instanceof Error ? { error: one.message } : { result: one }));
  }

  async #run([name = "", ...args]: readonly string[]): Promise<Reply> {
    try {
      return { result: await this.#client.call(name, ...args) };
    } catch (error) {
      if (error instanceof Error && error.name === "ReplyError") return { error: error.message };
      throw error;
    }
  }
}

function wordsOf(command: unknown): string[] {
  return (command as unknown[]).map(String);
}
