import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../lib/project.ts";
import { placeOf } from "./outbound.ts";

export const USAGE = `npm start [-- options]
  --port <number>          port to listen on (8787)
  --host <address>         address to listen on (127.0.0.1)
  --state <folder>         where all data is kept (.meridian/state)
  --fresh                  delete that folder first
  --no-agent               do not send this machine's metrics
  --no-demo                do not create the demo tenant
  --no-seed                leave the demo tenant empty
  --clock-offset <ms>      run in the future or past; for tests
  --quiet                  no request log
  --outbound-allow <host:port>
                           a private address that Workers may reach all the same, such as a sign-in server of your own; may be repeated

  --production             for a node that faces the internet through a TLS proxy; docs/run.md
  --public-url <origin>    https origin under which browsers see it
  --trusted-proxy-header <name>
                           header in which the proxy says the client's address, such as X-Real-IP
  --log-file <file>        where log lines go ({state}/logs/meridian.log); - is standard output
  --agent                  send this machine's metrics, with the API key in MERIDIAN_AGENT_KEY`;

export interface StartOptions {
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly state: string;
  readonly fresh: boolean;
  /** What was asked for; undefined when nobody said. */
  readonly agent: boolean | undefined;
  readonly demo: boolean | undefined;
  /** Whether the demo tenant is filled with data to look at. */
  readonly seed: boolean;
  readonly clockOffsetMs: number;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly production: boolean;
  readonly publicUrl: string | undefined;
  readonly trustedProxyHeader: string | undefined;
  readonly logFile: string | undefined;
  /** `host:port` each. */
  readonly outboundAllow: readonly string[];
}

/** @throws with a sentence for the person at the terminal */
export function readOptions(args?: string[]): StartOptions {
  const { values } = parseArgs({
    ...(args ? { args } : {}),
    options: {
      port: { type: "string", default: "8787" },
      host: { type: "string", default: "127.0.0.1" },
      state: { type: "string", default: join(ROOT, ".meridian/state") },
      fresh: { type: "boolean", default: false },
      agent: { type: "boolean" },
      demo: { type: "boolean" },
      seed: { type: "boolean", default: true },
      "clock-offset": { type: "string", default: "0" },
      quiet: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      production: { type: "boolean", default: false },
      "public-url": { type: "string" },
      "trusted-proxy-header": { type: "string" },
      "log-file": { type: "string" },
      "outbound-allow": { type: "string", multiple: true, default: [] },
    },
    allowNegative: true,
  });
  const port = Number(values.port);
  const clockOffsetMs = Number(values["clock-offset"]);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port takes a number from 1 to 65535, not "${values.port}"`);
  if (!Number.isSafeInteger(clockOffsetMs)) throw new Error(`--clock-offset takes milliseconds, not "${values["clock-offset"]}"`);
  const outboundAllow = values["outbound-allow"].map((place) => {
    const url = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i.test(place) ? URL.parse(`http://${place}`) : null;
    if (!url) throw new Error(`--outbound-allow takes host:port, not "${place}"`);
    return placeOf(url); // other cases and notations of the same name would never be met
  });
  const inProduction = ["public-url", "trusted-proxy-header", "log-file"] as const;
  for (const name of inProduction)
    if (values[name] !== undefined && !values.production) throw new Error(`--${name} belongs to --production`);
  return {
    port,
    host: values.host,
    state: resolve(values.state),
    fresh: values.fresh,
    agent: values.agent,
    demo: values.demo,
    seed: values.seed,
    clockOffsetMs,
    quiet: values.quiet,
    help: values.help,
    production: values.production,
    publicUrl: values["public-url"],
    trustedProxyHeader: values["trusted-proxy-header"],
    logFile: values["log-file"],
    outboundAllow,
  };
}
