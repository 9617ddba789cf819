import type { Labels } from "../../contract/metric-key.ts";
import { METRIC_LIMITS, type RejectReason } from "../../contract/metric-limits.ts";
import { type Attributes, OTLP_LIMITS } from "./otlp-point.ts";

/** Why a point is refused. */
export interface Fault {
  readonly reason: RejectReason;
  readonly detail: string;
}

type LabelsOutcome = { readonly labels: Labels; readonly fault?: undefined } | { readonly fault: Fault };

const TOO_MANY: Fault = { reason: "too-many-labels", detail: `it has more than ${OTLP_LIMITS.attributes} attributes` };

const PLAIN = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * An attribute's name as a label's: `_` for what no label name may hold, `key_` before a digit, and `key` before two underscores,
 * which are ours. Near to what Prometheus does with OTLP (https://prometheus.io/docs/guides/opentelemetry/).
 */
export function labelName(attribute: string): string {
  if (PLAIN.test(attribute)) return attribute;
  const name = attribute.replace(/[^a-zA-Z0-9_]/gu, "_");
  if (name.startsWith("__")) return `key${name}`;
  return /^\d/.test(name) ? `key_${name}` : name;
}

/**
 * Attributes as labels beside others that we set ourselves; an attribute of such a name becomes `exported_…`, as with a scrape.
 * Attributes whose names become the same share the label, their values in order of the names with `;` between.
 */
export function labelsOf(attributes: Attributes, ours: Labels, reserved: string | undefined): LabelsOutcome {
  if (attributes.length > 2 * OTLP_LIMITS.attributes) return { fault: TOO_MANY };
  const labels: Record<string, string> = { ...ours };
  const nameOf = (attribute: string): string => {
    const name = labelName(attribute);
    return Object.hasOwn(ours, name) || name === reserved ? `exported_${name}` : name;
  };
  const from = new Map<string, string>();
  let shared = false;
  for (let i = 0; i < attributes.length; i += 2) {
    const [attribute, value] = [attributes[i], attributes[i + 1]];
    const fault = faultOf(attribute, value);
    if (fault) return { fault };
    if (attribute === undefined || !value) continue; // undefined was refused; an empty value is no label
    const name = nameOf(attribute);
    if (from.has(name) && from.get(name) !== attribute) shared = true;
    from.set(name, attribute);
    labels[name] = value;
  }
  if (shared) {
    for (const [name, value] of joined(attributes, nameOf)) {
      const fault = faultOf(name, value);
      if (fault) return { fault };
      labels[name] = value;
    }
  }
  const count = Object.keys(labels).length;
  if (count <= METRIC_LIMITS.labels) return { labels };
  return {
    fault: { reason: "too-many-labels", detail: `it has ${count} labels; at most ${METRIC_LIMITS.labels}: drop attributes in a view` },
  };
}

/** Values by label name, where several attributes have one. */
function joined(attributes: Attributes, nameOf: (attribute: string) => string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [attribute, value] of sorted(attributes)) {
    if (value === "") continue;
    const name = nameOf(attribute);
    const before = labels.get(name);
    labels.set(name, before === undefined ? value : `${before};${value}`);
  }
  return labels;
}

/** By name; of attributes that stand twice the last counts. */
function sorted(attributes: Attributes): [name: string, value: string][] {
  const values = new Map<string, string>();
  for (let i = 0; i < attributes.length; i += 2) values.set(attributes[i] ?? "", attributes[i + 1] ?? "");
  return [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function faultOf(name: string | undefined, value: string | undefined): Fault | undefined {
  if (name === undefined || name === "") {
    return { reason: "label-name-invalid", detail: "an attribute has no name, or one that is no UTF-8" };
  }
  if (name.length > METRIC_LIMITS.labelNameChars) {
    const detail = `the attribute name \`${name.slice(0, 60)}…\` has ${name.length} characters; at most ${METRIC_LIMITS.labelNameChars}`;
    return { reason: "label-name-too-long", detail };
  }
  if (value === undefined) {
    return {
      reason: "label-value-invalid",
      detail: `the attribute \`${name}\` is no UTF-8, or a list that is too long or nested beyond ${OTLP_LIMITS.depth}`,
    };
  }
  if (value.length <= METRIC_LIMITS.labelValueChars) return undefined;
  const detail = `the attribute \`${name}\` has ${value.length} characters; at most ${METRIC_LIMITS.labelValueChars}`;
  return { reason: "label-value-too-long", detail };
}

/** Of a resource: the labels that every series of it carries, and those of its `target_info`; undefined when it has none. */
export interface OtlpSource {
  readonly ours: Labels;
  readonly info: Labels | undefined;
  /** Why none of its points can be taken. */
  readonly fault: Fault | undefined;
}

const IDENTITY = ["service.namespace", "service.name", "service.instance.id", "host.name"] as const;

/**
 * `service.namespace/service.name` is the `job`, `service.instance.id` the `instance`, `host.name` the `host`; the rest of a
 * resource's attributes goes to `target_info` once and not to every series. What of them is too long or too many is left out there:
 * a command line of 4 KB is no reason to refuse a service's metrics.
 */
export function sourceOfResource(attributes: Attributes): OtlpSource {
  const known = new Map<string, string>();
  const rest: Attributes = [];
  let fault = attributes.length > 2 * OTLP_LIMITS.attributes ? TOO_MANY : undefined;
  for (let i = 0; i < attributes.length; i += 2) {
    const [name, value] = [attributes[i], attributes[i + 1]];
    const wrong = faultOf(name, value);
    if (name !== undefined && (IDENTITY as readonly string[]).includes(name)) {
      fault ??= wrong;
      known.set(name, value ?? "");
    } else if (!wrong && value !== "") rest.push(name, value);
  }
  const [namespace = "", service = "", instance = "", host = ""] = IDENTITY.map((name) => known.get(name));
  const job = namespace && service ? `${namespace}/${service}` : service;
  if (job.length > METRIC_LIMITS.labelValueChars) fault ??= faultOf("service.name", job);
  const ours = { ...(job ? { job } : {}), ...(instance ? { instance } : {}), ...(host ? { host } : {}) };
  return { ours, info: infoOf(rest, ours), fault };
}

function infoOf(rest: Attributes, ours: Labels): Labels | undefined {
  const count = Object.keys(ours).length;
  if (rest.length === 0 || count === 0) return undefined; // nothing to say, or nobody could tell of whom
  const kept = sorted(rest).slice(0, METRIC_LIMITS.labels - count);
  const read = labelsOf(kept.flat(), ours, undefined);
  return read.fault ? undefined : read.labels;
}
