/** One sample of a family. */
export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string;
  readonly value: number;
}

/** A metric with its meaning. Names follow Prometheus' rules: base units, counters end in `_total`, nothing else does. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The text format 0.0.4. Families without a sample are left out: an absent value is better than a wrong zero. */
export function exposition(families: readonly MetricFamily[]): string {
  const lines = families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels = {}, suffix = "", value }) => `${name}${suffix}${labelText(labels)} ${valueText(value)}`),
    ]);
  return lines.map((line) => `${line}\n`).join("");
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
