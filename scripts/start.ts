import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BUILD_STEPS, runStep } from "./lib/build-steps.ts";
import { ROOT } from "./lib/project.ts";
import { startAgent } from "./serve/agent.ts";
import { DEMO_EMAIL, seedDemo } from "./serve/demo.ts";
import { PortTakenError, startServer } from "./serve/server.ts";
import { openState, StateError } from "./serve/state.ts";
import { freeState, lockState } from "./serve/state-lock.ts";

const USAGE = `npm start [-- options]
  --port <number>          port to listen on (8787)
  --host <address>         address to listen on (127.0.0.1)
  --state <folder>         where all data is kept (.meridian/state)
  --fresh                  delete that folder first
  --no-agent               do not send this machine's metrics
  --no-demo                do not create the demo tenant
  --clock-offset <ms>      run in the future or past; for tests
  --quiet                  no request log`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        state: { type: "string", default: join(ROOT, ".meridian/state") },
        fresh: { type: "boolean", default: false },
        agent: { type: "boolean", default: true },
        demo: { type: "boolean", default: true },
        "clock-offset": { type: "string", default: "0" },
        quiet: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
      allowNegative: true,
    });
    const port = Number(values.port);
    const clockOffsetMs = Number(values["clock-offset"]);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Error(`--port takes a number from 1 to 65535, not "${values.port}"`);
    if (!Number.isSafeInteger(clockOffsetMs)) throw new Error(`--clock-offset takes milliseconds, not "${values["clock-offset"]}"`);
    return { ...values, port, clockOffsetMs, state: resolve(values.state) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

const options = readOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

async function main(): Promise<void> {
  const left = await freeState(options.state);
  if (left > 0) console.log("meridian: ended what a killed server had left running on this state");
  const state = openState(options.state, options.fresh);
  const lock = await lockState(state.folder);
  process.once("exit", () => lock.release());
  for (const step of BUILD_STEPS) {
    process.stdout.write(`meridian: ${step.name} … `);
    console.log((await runStep(step)) ? "built" : "up to date");
  }
  const server = await startServer({
    host: options.host,
    port: options.port,
    state,
    clockOffsetMs: options.clockOffsetMs,
    vars: {
      DEMO: String(options.demo),
      LOG_REQUESTS: options.quiet ? "errors" : "all",
      ...(options.demo ? { DEPLOYMENT_ADMINS: DEMO_EMAIL } : {}),
    },
    onLog: (line, level) => {
      if (!options.quiet || level === "error") console.log(line);
    },
  });
  lock.noteChildren();
  const stops: (() => Promise<void>)[] = [server.stop];
  const demo = options.demo ? await seedDemo(server.url, state.folder) : undefined;
  if (demo && options.agent) stops.unshift(startAgent({ url: server.url, key: demo.agentKey, spool: join(state.folder, "agent") }));
  lock.noteChildren();

  console.log(`\n  Meridian runs at ${server.url}/console`);
  if (demo) console.log(`  sign in as ${demo.email} with ${demo.password}  (also in ${join(state.folder, "demo.json")})`);
  else console.log("  open it to create the first operator");
  console.log(`  state is kept in ${state.folder}; Ctrl-C stops\n`);

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    console.log("meridian: stopping …");
    for (const step of stops) await step();
    process.exit(0);
  };
  process.on("SIGINT", () => void stop());
  process.on("SIGTERM", () => void stop());
  // The terminal was closed: nobody reads what we print, and printing it must not end us before the others have ended.
  process.on("SIGHUP", () => {
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
    void stop();
  });
}

main().catch((error: unknown) => {
  if (error instanceof PortTakenError || error instanceof StateError) console.error(`meridian: ${error.message}`);
  else console.error(error);
  process.exit(1);
});
