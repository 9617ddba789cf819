/**
 * Whether an Accept header allows a media type (RFC 9110 section 12.5.1): the most specific matching range decides, and
 * a weight of 0 forbids. No header allows everything.
 */
export function accepts(header: string | null, mediaType: string): boolean {
  if (header === null || header.trim() === "" || mediaType === "*/*") return true;
  const [type = ""] = mediaType.split("/");
  let best = { specificity: -1, weight: 0 };
  for (const part of header.split(",", MAX_RANGES)) {
    const [range = "", ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase());
    const specificity = [`*/*`, `${type}/*`, mediaType].indexOf(range);
    if (specificity < 0 || specificity < best.specificity) continue;
    best = { specificity, weight: weightOf(parameters) };
  }
  return best.weight > 0;
}

/** Ranges looked at: browsers send eight. */
const MAX_RANGES = 32;

function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  if (weight === undefined) return 1;
  const value = Number(weight.slice(2));
  return Number.isFinite(value) ? value : 0;
}

/** The media type of a Content-Type without its parameters, in lower case; empty when there is none. */
export function essenceOf(contentType: string | null): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Whether a Content-Type is one of these; `application/json` stands for every `+json` as well. */
export function isMediaType(contentType: string | null, allowed: readonly string[]): boolean {
  const essence = essenceOf(contentType);
  if (allowed.includes(essence) || allowed.includes("*/*")) return true;
  return allowed.includes("application/json") && /^application\/[a-z0-9.-]+\+json$/.test(essence);
}
