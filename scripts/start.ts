import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BUILD_STEPS, runStep } from "./lib/build-steps.ts";
import { ROOT } from "./lib/project.ts";
import { startAgent } from "./serve/agent.ts";
import { DEMO_EMAIL, seedDemo } from "./serve/demo.ts";
import { fillDemo } from "./serve/demo-data.ts";
import { hasOperator } from "./serve/demo-traces.ts";
import { startLogging } from "./serve/logging.ts";
import { readOptions, type StartOptions, USAGE } from "./serve/options.ts";
import { judgeProduction, type ProductionSettings } from "./serve/production.ts";
import { noteRing, noteWalk } from "./serve/ring-status.ts";
import { watchRing } from "./serve/ring-watch.ts";
import { PortTakenError, startServer } from "./serve/server.ts";
import { removeSetupToken, setupTokenOf } from "./serve/setup-token.ts";
import { openState, removeState, StateError } from "./serve/state.ts";
import { freeState, lockState } from "./serve/state-lock.ts";
import { Stopping } from "./serve/stopping.ts";
import { lookAround } from "./serve/surroundings.ts";
import { warmNode } from "./serve/warm.ts";

function optionsOrExit(): StartOptions {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

/** What a production node runs with; undefined for any other. Ends the program when this start is not fit for it. */
function productionOrExit(): ProductionSettings | undefined {
  if (!options.production) return undefined;
  const verdict = judgeProduction(options, lookAround(options));
  if (!verdict.ok) {
    console.error(
      `meridian: not fit for production:\n${verdict.problems.map((problem) => `  - ${problem}`).join("\n")}\ndocs/run.md says more.`,
    );
    process.exit(1);
  }
  // Nothing that this process starts needs them.
  for (const name of ["MERIDIAN_KEY_RING", "MERIDIAN_SETUP_TOKEN", "MERIDIAN_AGENT_KEY"]) delete process.env[name];
  return verdict.settings;
}

const stopping = new Stopping(process, (line) => console.log(line));

async function main(): Promise<void> {
  const left = await freeState(options.state);
  if (left > 0) console.log("meridian: ended what a killed server had left running on this state");
  const production = productionOrExit();
  if (options.fresh) removeState(options.state);
  mkdirSync(options.state, { recursive: true, mode: 0o700 });
  const lock = await lockState(options.state);
  process.once("exit", () => lock.release());
  stopping.listen();
  const ring = production && { text: production.keyRing, file: production.keyRingFile };
  const state = openState(options.state, false, ring ? { ring } : {});
  for (const step of BUILD_STEPS) {
    process.stdout.write(`meridian: ${step.name} … `);
    console.log((await build(step)) ? "built" : "up to date");
    stopping.signal.throwIfAborted();
  }
  // From here on, nothing that it writes is for others; what was built may be started by another user.
  if (production) process.umask(0o077);
  const log = startLogging(options);
  stopping.add(log.close);
  const setup = production && !hasOperator(state.folder) ? setupTokenOf(state.folder, production.setupToken) : undefined;
  if (production && !setup) removeSetupToken(state.folder);
  noteRing(state.folder, { text: state.keyRing, file: state.keyRingFile ?? null });
  const withDemo = !production && options.demo !== false;
  const serving = startServer({
    host: options.host,
    port: options.port,
    state,
    clockOffsetMs: options.clockOffsetMs,
    outboundAllow: options.outboundAllow,
    ...(production ? { publicUrl: production.publicUrl } : {}),
    nodeRoutes: {
      "PUT /key-ring-walk": (body) => {
        noteWalk(state.folder, body);
        return { status: 204, body: "" };
      },
    },
    vars: {
      DEMO: String(withDemo),
      LOG_REQUESTS: options.quiet ? "errors" : "all",
      ...(withDemo ? { DEPLOYMENT_ADMINS: DEMO_EMAIL } : {}),
      ...(production ? productionVars(production) : {}),
      ...(setup ? { SETUP_TOKEN: setup.token } : {}),
    },
    onLog: log.runtime,
  });
  const server = await stopping.starting(serving, ({ stop }) => stop);
  lock.noteChildren();
  if (state.keyRingFile !== undefined) {
    const file = state.keyRingFile;
    const reload = async (text: string): Promise<void> => {
      await server.reloadKeyRing(text);
      noteRing(state.folder, { text, file });
    };
    const unwatch = watchRing({ file, text: state.keyRing, reload, say: log.say });
    stopping.add(async () => unwatch());
  }
  const demo = withDemo ? await seedDemo(server.url, state.folder) : undefined;
  stopping.signal.throwIfAborted();
  await warmNode(server.miniflare, log.say);
  stopping.signal.throwIfAborted();
  const agentKey = production ? production.agentKey : options.agent === false ? undefined : demo?.agentKey;
  if (agentKey) stopping.add(startAgent({ url: server.url, key: agentKey, spool: join(state.folder, "agent") }));
  lock.noteChildren();

  if (production) {
    log.say(`runs at ${production.publicUrl}, listens on ${server.url} for its TLS proxy`);
    for (const remark of production.remarks) log.say(remark);
  }
  console.log(`\n  Meridian runs at ${production?.publicUrl ?? server.url}/console`);
  if (demo) console.log(`  sign in as ${demo.email} with ${demo.password}  (also in ${join(state.folder, "demo.json")})`);
  else if (!production) console.log("  open it to create the first operator");
  else if (setup) console.log(`  the first operator signs up with the setup token ${tokenForReader(setup)}`);
  console.log(`  state is kept in ${state.folder}; Ctrl-C stops\n`);

  // Whoever signs in meanwhile sees it grow; a fault of it is no reason to stop serving.
  if (demo && options.seed)
    void fillDemo(demo, state.folder, stopping.signal, (line) => console.log(`meridian: ${line}`)).catch((error: unknown) => {
      if (!stopping.signal.aborted) console.error(`meridian: the demo's data could not be loaded: ${String(error)}`);
    });
}

/** @throws StateError where the program's own folder cannot be written, as a service's should not be */
async function build(step: (typeof BUILD_STEPS)[number]): Promise<boolean> {
  try {
    return await runStep(step);
  } catch (error) {
    if (!options.production) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StateError(`${why}\nBuild it before, with npm run build as the user whom ${ROOT} belongs to.`);
  }
}

function productionVars(production: ProductionSettings): Record<string, string> {
  return {
    DEPLOYMENT_ADMINS: production.deploymentAdmins,
    ...(production.deploymentName ? { DEPLOYMENT_NAME: production.deploymentName } : {}),
    ...(production.trustedProxyHeader ? { TRUSTED_PROXY_HEADER: production.trustedProxyHeader } : {}),
  };
}

/** A person at the terminal reads the token; what is not a terminal is a log, and gets the file's name. */
function tokenForReader(setup: { readonly token: string; readonly file: string | undefined }): string {
  if (setup.file === undefined) return "in MERIDIAN_SETUP_TOKEN";
  return process.stdout.isTTY ? `${setup.token}  (also in ${setup.file})` : `in ${setup.file}`;
}

main().catch((error: unknown) => {
  // What was being started fails when it is taken away; what was started is ending by now, and the process with it.
  if (stopping.signal.aborted) return;
  if (error instanceof PortTakenError || error instanceof StateError) console.error(`meridian: ${error.message}`);
  else console.error(error);
  process.exit(1);
});
