import { createHash } from "node:crypto";
import os from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AGENT_LIMITS } from "../../contract/agents.ts";

export interface AgentOptions {
  readonly url: string;
  readonly key: string;
  readonly host: string;
  readonly intervalMs: number;
  readonly spoolFolder: string;
  readonly spoolMaxBytes: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: "plain" | "json";
}

export const USAGE = `meridian-agent: sends this machine's figures to a Meridian deployment

  meridian-agent --url https://meridian.example --key mrd_…

  --url <origin>         the deployment                                 MERIDIAN_URL
  --key <key>            an API key with metrics:write, agents:connect  MERIDIAN_KEY (keeps it out of the process list)
  --host <name>          how the host is called; default: its hostname  MERIDIAN_HOST
  --interval <seconds>   between rounds, 1 to 300; default 5            MERIDIAN_INTERVAL
  --label <name=value>   on every series, may be given again            MERIDIAN_LABELS (a=1,b=2)
  --spool <folder>       where batches wait while the server is away    MERIDIAN_SPOOL
  --spool-max-mb <n>     at most this much, oldest dropped; default 64  MERIDIAN_SPOOL_MAX_MB
  --log <plain|json>     one line per change of state; default plain    MERIDIAN_LOG
  --version, --help

Flags win over the environment; what the console configures wins over flags.`;

export type ParsedOptions =
  { readonly ok: true; readonly options: AgentOptions } | { readonly ok: false; readonly help: boolean; readonly message: string };

/** Reads flags and environment. Every mistake is told in one sentence that names the flag. */
export function parseOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>, version: string): ParsedOptions {
  const failed = (message: string): ParsedOptions => ({
    ok: false,
    help: false,
    message: `meridian-agent: ${message} (--help lists the flags)`,
  });
  let flags: ReturnType<typeof parseFlags>;
  try {
    flags = parseFlags(args);
  } catch (error) {
    return failed(error instanceof Error ? error.message : "unknown flag");
  }
  if (flags.help === true) return { ok: false, help: true, message: USAGE };
  if (flags.version === true) return { ok: false, help: true, message: version };

  const url = parseUrl(flags.url ?? env.MERIDIAN_URL);
  if (typeof url !== "object") return failed(url);
  const key = flags.key ?? env.MERIDIAN_KEY ?? "";
  if (!/^mrd_[!-~]{1,400}$/.test(key)) return failed("--key must be an API key (mrd_…)");
  const host = (flags.host ?? env.MERIDIAN_HOST ?? os.hostname()).trim();
  if (host === "" || host.length > AGENT_LIMITS.hostChars || /[\p{Cc}\p{Cs}]/u.test(host)) {
    return failed(`--host must have 1 to ${AGENT_LIMITS.hostChars} printable characters`);
  }
  const intervalMs = Number(flags.interval ?? env.MERIDIAN_INTERVAL ?? 5) * 1_000;
  if (!(intervalMs >= AGENT_LIMITS.minIntervalMs && intervalMs <= AGENT_LIMITS.maxIntervalMs)) {
    return failed(`--interval must be ${AGENT_LIMITS.minIntervalMs / 1_000} to ${AGENT_LIMITS.maxIntervalMs / 1_000} seconds`);
  }
  const spoolMb = Number(flags["spool-max-mb"] ?? env.MERIDIAN_SPOOL_MAX_MB ?? 64);
  if (!(spoolMb >= 1 && spoolMb <= 10_000)) return failed("--spool-max-mb must be 1 to 10000");
  const labels = parseLabels(flags.label ?? (env.MERIDIAN_LABELS ?? "").split(",").filter((pair) => pair !== ""));
  if (typeof labels === "string") return failed(labels);
  const log = flags.log ?? env.MERIDIAN_LOG ?? "plain";
  if (log !== "plain" && log !== "json") return failed("--log must be plain or json");
  const spoolFolder = flags.spool ?? env.MERIDIAN_SPOOL ?? defaultSpool(env, url.origin, key, host);
  const spoolMaxBytes = Math.floor(spoolMb * (1 << 20));
  return { ok: true, options: { url: url.origin, key, host, intervalMs: Math.round(intervalMs), spoolFolder, spoolMaxBytes, labels, log } };
}

function parseFlags(args: readonly string[]) {
  const text = { type: "string" } as const;
  return parseArgs({
    args: [...args],
    options: {
      url: text,
      key: text,
      host: text,
      interval: text,
      label: { type: "string", multiple: true },
      spool: text,
      "spool-max-mb": text,
      log: text,
      version: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}

function parseUrl(text: string | undefined): URL | string {
  if (text === undefined || text === "") return "--url is missing: the address of the deployment";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) return "--url must be an http or https address";
  if (url.username !== "" || url.password !== "") return "--url must not hold a credential, the key has a flag of its own";
  if (url.pathname !== "/" || url.search !== "") return "--url must be an origin, without a path";
  return url;
}

function parseLabels(pairs: readonly string[]): Record<string, string> | string {
  const labels: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/.test(name) || name === "host")
      return `--label ${pair}: a name of letters, digits and _, not "host"`;
    if (value.length > 1_024) return `--label ${name}: the value is longer than 1,024 characters`;
    labels[name] = value;
  }
  return Object.keys(labels).length > AGENT_LIMITS.labels ? `at most ${AGENT_LIMITS.labels} labels` : labels;
}

/** A folder of this host, deployment and key, so that two agents of one machine do not meet by accident. */
function defaultSpool(env: Readonly<Record<string, string | undefined>>, origin: string, key: string, host: string): string {
  // The key's public part: a rotated secret keeps its spool.
  const identity = `${origin} ${key.split("_").slice(0, 2).join("_")} ${host}`;
  const name = createHash("sha256").update(identity).digest("hex").slice(0, 16);
  const state = env.STATE_DIRECTORY?.split(":")[0] ?? (env.XDG_STATE_HOME || join(os.homedir(), ".local", "state"));
  return join(state, "meridian-agent", name);
}
