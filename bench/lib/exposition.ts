/** One sample of Prometheus' text format 0.0.4. */
export interface ExposedSample {
  /** Name and labels as they stand in the text, which identify the series. */
  readonly series: string;
  readonly value: number;
}

/** Reads the samples of a scrape; comments and times of samples are passed over. Labels with `}` in quotes are understood. */
export function readExposition(text: string): ExposedSample[] {
  const samples: ExposedSample[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const end = line.includes("{") ? line.lastIndexOf("}") + 1 : line.indexOf(" ");
    samples.push({ series: line.slice(0, end), value: readNumber(line.slice(end).trim().split(" ")[0] ?? "") });
  }
  return samples;
}

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Name and labels of a series as it stands in the text, as pairs sorted by name, with `__name__`. */
export function labelsOf(series: string): [name: string, value: string][] {
  const brace = series.indexOf("{");
  const pairs: [string, string][] = [["__name__", brace < 0 ? series : series.slice(0, brace)]];
  for (const [, name = "", value = ""] of series.slice(brace + 1).matchAll(LABEL))
    pairs.push([name, value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))]);
  return pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function readNumber(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
