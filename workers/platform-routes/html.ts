/** Text that is HTML already; everything else is escaped by {@link html}. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[] | undefined;

/** A template whose values are escaped, unless they are HTML made by this same function. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((string, i) => string + (i < parts.length ? textOf(parts[i]) : "")).join(""));
}

function textOf(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map((item) => item.text).join("\n");
  return escapeHtml(String(part));
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

/** A sentence in which `this` is code. */
export function prose(text: string): Html {
  return new Html(escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>"));
}

/** A whole page in the look of the documentation. Style and script are files of ours: the policy allows nothing inline. */
export function pageResponse(title: string, main: Html, script?: string): Response {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/page.css" />
        ${script ? html`<script type="module" src="${script}"></script>` : undefined}
      </head>
      <body>
        ${main}
      </body>
    </html> `;
  return new Response(page.text, { headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" } });
}
