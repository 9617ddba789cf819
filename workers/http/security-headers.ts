/** For pages: own script, style, font and connection only; nothing inline, nobody frames us. `data:` images are the console's sparkline masks. */
export const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** For everything that is no page: if a browser were made to render it, nothing in it would run or load. */
export const DATA_CSP = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** On every answer, whatever its kind. */
export const COMMON_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const;

/** A year. Only said over https, where it counts. */
const HSTS = "max-age=31536000";

/** What an answer of JSON carries whoever asked: copied as a whole into each, which costs less than a few of them set one by one. */
export const DATA_HEADERS: Headers = new Headers({
  ...COMMON_HEADERS,
  "content-security-policy": DATA_CSP,
  "content-type": "application/json",
  "cache-control": "no-store",
});

/** Adds what is missing; a route that has set its own policy keeps it. */
export function secureHeaders(headers: Headers, https: boolean): void {
  for (const [name, value] of Object.entries(COMMON_HEADERS)) if (!headers.has(name)) headers.set(name, value);
  if (!headers.has("content-security-policy")) {
    const page = headers.get("content-type")?.startsWith("text/html") ?? false;
    headers.set("content-security-policy", page ? PAGE_CSP : DATA_CSP);
  }
  // The file of headers says it for all files, plain http of a single node included.
  if (https) demandHttps(headers);
  else headers.delete("strict-transport-security");
}

export function demandHttps(headers: Headers): void {
  headers.set("strict-transport-security", HSTS);
}

/** Content-hashed names never change their content. */
export const IMMUTABLE = "public, max-age=31536000, immutable";

/** Files that pages of others load: their address is stable, so they are asked for again soon. */
export const SHARED_FILE_HEADERS = {
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
  "cache-control": "public, max-age=300",
} as const;

/** The `_headers` file of the assets directory, so that assets served before the Worker carry the same headers. */
export function assetHeadersFile(): string {
  const common: [string, string][] = [
    ...Object.entries(COMMON_HEADERS),
    ["content-security-policy", PAGE_CSP],
    ["strict-transport-security", HSTS],
  ];
  const indented = (headers: readonly (readonly [string, string])[]) => headers.map(([name, value]) => `  ${name}: ${value}`);
  const shared = Object.entries(SHARED_FILE_HEADERS);
  // A header that two patterns name would carry both values: `!` takes the first away.
  const lines = [
    "/*",
    ...indented(common),
    "/assets/*",
    `  cache-control: ${IMMUTABLE}`,
    "/sdk/*",
    "  ! cross-origin-resource-policy",
    ...indented(shared),
  ];
  return `${lines.join("\n")}\n`;
}
