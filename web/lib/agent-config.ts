import type { Agent, AGENT_LIMITS, AgentPatch, COLLECTORS } from "../../contract/agents.ts";

type Limits = typeof AGENT_LIMITS;
export type Collector = (typeof COLLECTORS)[number];

/** Bounds of the form. The contract's file brings a schema library, so its numbers are repeated here and held equal by their types. */
const MIN_S: number = (1_000 satisfies Limits["minIntervalMs"]) / 1_000;
const MAX_S: number = (300_000 satisfies Limits["maxIntervalMs"]) / 1_000;
const MOST_LABELS: Limits["labels"] = 10;

/** What each collector costs and brings, in the words of the form; a new collector without words is a type error. */
export const COLLECTOR_WORDS: Record<Collector, string> = {
  cpu: "CPU, in all and per core",
  load: "Load over 1, 5 and 15 minutes",
  memory: "Memory and swap",
  disk: "Every mounted disk: space and I/O",
  network: "Every interface: in and out",
  processes: "Processes: how many, top 10",
  uptime: "Uptime",
  temperature: "Temperature sensors",
};

/** The form as typed. */
export interface ConfigDraft {
  readonly intervalS: string;
  readonly collectors: readonly Collector[];
  /** One `name=value` per line. */
  readonly labels: string;
}

export function draftOf({ config }: Pick<Agent, "config">): ConfigDraft {
  return {
    intervalS: String(config.intervalMs / 1_000),
    collectors: config.collectors,
    labels: Object.entries(config.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
  };
}

export type DraftErrors = Partial<Record<keyof ConfigDraft, string>>;

function readLabels(text: string): Record<string, string> | string {
  const labels: Record<string, string> = {};
  for (const line of text.split("\n").filter((part) => part.trim() !== "")) {
    const at = line.indexOf("=");
    const name = line.slice(0, at).trim();
    if (at < 1) return `“${line.trim()}” is not name=value.`;
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) return `“${name}” cannot be a label's name: letters, digits and _ only, no digit first.`;
    if (name in labels) return `“${name}” stands there twice.`;
    labels[name] = line.slice(at + 1).trim();
  }
  return Object.keys(labels).length > MOST_LABELS ? `At most ${MOST_LABELS} labels.` : labels;
}

/** The patch that a draft stands for, or what is wrong with it by field. */
export function patchOf(draft: ConfigDraft): { patch: AgentPatch } | { errors: DraftErrors } {
  const errors: { -readonly [K in keyof DraftErrors]: DraftErrors[K] } = {};
  const seconds = Number(draft.intervalS);
  if (draft.intervalS.trim() === "" || !Number.isFinite(seconds) || seconds < MIN_S || seconds > MAX_S)
    errors.intervalS = `Between ${MIN_S} and ${MAX_S} seconds.`;
  const labels = readLabels(draft.labels);
  if (typeof labels === "string") errors.labels = labels;
  if (Object.keys(errors).length > 0 || typeof labels === "string") return { errors };
  return { patch: { intervalMs: Math.round(seconds * 1_000), collectors: [...draft.collectors], labels } };
}
