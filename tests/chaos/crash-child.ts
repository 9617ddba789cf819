import { parseArgs } from "node:util";
import { DEMO_EMAIL, seedDemo } from "../../scripts/serve/demo.ts";
import { startServer } from "../../scripts/serve/server.ts";
import { openState } from "../../scripts/serve/state.ts";

// The server of a crash test: like `npm start`, with failpoints, and with the runtime's lines on standard output. It never
// stops by itself: the test kills its process group.
const { values } = parseArgs({
  options: {
    port: { type: "string" },
    state: { type: "string" },
    failpoints: { type: "string", default: "" },
    "clock-offset": { type: "string", default: "0" },
  },
});
if (values.port === undefined || values.state === undefined) throw new Error("--port and --state are needed");
const state = openState(values.state);
const server = await startServer({
  host: "127.0.0.1",
  port: Number(values.port),
  state,
  clockOffsetMs: Number(values["clock-offset"]),
  vars: { DEMO: "true", DEPLOYMENT_ADMINS: DEMO_EMAIL, LOG_REQUESTS: "errors", FAILPOINTS: values.failpoints },
  onLog: (line) => console.log(line),
});
await seedDemo(server.url, state.folder);
console.log("ready");
