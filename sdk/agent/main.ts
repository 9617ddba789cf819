#!/usr/bin/env node
import os from "node:os";
import { VERSION } from "../../contract/version.ts";
import { Agent } from "./agent.ts";
import { systemClock, systemTimers } from "./clock.ts";
import { hostCollectors } from "./collectors/host-collectors.ts";
import { fileConfigStore } from "./config-store.ts";
import type { Socket } from "./control-socket.ts";
import { createLog } from "./log.ts";
import { type AgentOptions, parseOptions } from "./options.ts";
import { ingestPost } from "./post.ts";
import { Spool } from "./spool.ts";
import { LOCK_TOUCH_MS, lockSpool } from "./spool-lock.ts";

/** A try that takes longer is as good as no answer; three rounds wait meanwhile. */
const POST_TIMEOUT_MS = 15_000;
/** Whatever still hangs after this is left behind. */
const EXIT_WITHIN_MS = 4_500;

const parsed = parseOptions(process.argv.slice(2), process.env, VERSION);
if (parsed.ok) await run(parsed.options);
else {
  (parsed.help ? console.log : console.error)(parsed.message);
  process.exitCode = parsed.help ? 0 : 2;
}

async function run(options: AgentOptions): Promise<void> {
  // Under systemd the journal stamps every line itself.
  const log = createLog(options.log, (line) => console.log(line), systemClock.wallMs, process.env.JOURNAL_STREAM === undefined);
  const lock = lockSpool(options.spoolFolder, systemClock.wallMs());
  if ("heldBy" in lock) {
    console.error(`meridian-agent: process ${lock.heldBy} already uses ${options.spoolFolder}; give this one its own --spool`);
    process.exitCode = 3;
    return;
  }
  const touching = setInterval(() => lock.touch(systemClock.wallMs()), LOCK_TOUCH_MS);
  const linux = process.platform === "linux";
  // Only one of the two is loaded: systeminformation is megabytes of code that Linux hardly needs.
  const source = linux ? (await import("./sources/linux.ts")).linuxSource() : (await import("./sources/portable.ts")).portableSource();
  const agent = new Agent({
    host: options.host,
    agentVersion: VERSION,
    platform: `${os.type()} ${os.release()} ${os.arch()}, Node ${process.versions.node}`,
    intervalMs: options.intervalMs,
    labels: options.labels,
    collectors: hostCollectors(source, linux),
    spool: new Spool({ folder: options.spoolFolder, maxBytes: options.spoolMaxBytes }),
    post: ingestPost({ url: options.url, key: options.key, timeoutMs: POST_TIMEOUT_MS }),
    openSocket: () => controlSocket(options),
    configStore: fileConfigStore(options.spoolFolder),
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    log,
  });
  log.info(
    `meridian-agent ${VERSION} sends ${options.host} to ${options.url} every ${options.intervalMs / 1_000} s, spool ${options.spoolFolder}`,
  );
  agent.start();

  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(name, () => resolve(name));
  });
  setTimeout(() => process.exit(0), EXIT_WITHIN_MS).unref();
  await agent.stop();
  clearInterval(touching);
  lock.release();
  const { spoolBatches } = agent.health();
  log.info(`stopped by ${signal}${spoolBatches > 0 ? `, ${spoolBatches} batches wait in the spool` : ""}`);
  // Idle keep-alive connections would hold the process.
  process.exit(0);
}

/** Node's WebSocket sends headers (undici's extension of the standard constructor), which the DOM types do not know. */
function controlSocket({ url, key }: AgentOptions): Socket {
  const address = `${url.replace(/^http/, "ws")}/v1/agents/connect`;
  const Constructor = WebSocket as unknown as new (address: string, options: { headers: Record<string, string> }) => Socket;
  return new Constructor(address, { headers: { authorization: `Bearer ${key}` } });
}
