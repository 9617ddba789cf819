import { z } from "@hono/zod-openapi";
import { ACTIONS } from "../../contract/permissions.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import type { RouteSpec } from "../http/route.ts";
import { specsOf } from "../http/route-table.ts";
import { FILTER_JS, PAGE_CSS } from "./docs-files.ts";
import { type Html, html, pageResponse, prose } from "./html.ts";
import { describeSchema } from "./schema-rows.ts";

const page = { method: "get", action: "open", tag: "platform", hidden: true } as const;

const docs = {
  ...page,
  path: "/docs",
  summary: "The API, to read",
  query: z.object({ q: z.string().max(200).optional() }),
  answer: { status: 200, mediaType: "text/html" },
} as const;
const css = { ...page, path: "/docs/page.css", summary: "Style of the pages", answer: { status: 200, mediaType: "text/css" } } as const;
const script = {
  ...page,
  path: "/docs/filter.js",
  summary: "Search on the page",
  answer: { status: 200, mediaType: "text/javascript" },
} as const;

/** `/docs`: every documented route, searchable, from the very specs that serve them. */
export function registerDocsRoutes(app: App): void {
  route(app, docs, async ({ query }) => pageResponse("Meridian API", docsPage(app, query.q ?? ""), "/docs/filter.js"));
  route(app, css, async () => textResponse(PAGE_CSS, "text/css; charset=utf-8"));
  route(app, script, async () => textResponse(FILTER_JS, "text/javascript; charset=utf-8"));
}

function textResponse(text: string, type: string): Response {
  return new Response(text, { headers: { "content-type": type, "cache-control": "public, max-age=300" } });
}

function docsPage(app: App, q: string): Html {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = specsOf(app).filter((spec) => !spec.hidden && words.every((word) => searchText(spec).includes(word)));
  const groups = [...Map.groupBy(shown, (spec) => spec.tag)].sort(([a], [b]) => a.localeCompare(b));
  return html`<h1>Meridian API</h1>
    <p>
      Machine-readable: <a href="/v1/openapi.json">OpenAPI 3.1</a>. Errors are problem details with a <code>type</code> that explains
      itself, such as <a href="/problems/invalid-body">/problems/invalid-body</a>.
    </p>
    <form action="/docs" method="get" role="search">
      <input
        name="q"
        type="search"
        value="${q}"
        placeholder="Search by path, method or action"
        aria-label="Search"
        autocomplete="off"
      /><button>Search</button>
    </form>
    ${groups.length === 0 ? html`<p>No route matches “${q}”.</p>` : undefined}
    ${groups.map(
      ([tag, specs]) =>
        html`<section data-group>
          <h2>${tag}</h2>
          ${specs.sort((a, b) => a.path.localeCompare(b.path)).map(routeItem)}
        </section>`,
    )}`;
}

function searchText({ method, path, action, summary, tag }: RouteSpec): string {
  return `${method} ${path} ${action} ${summary} ${tag}`.toLowerCase();
}

function routeItem(spec: RouteSpec): Html {
  const { method, path, action, summary, description } = spec;
  return html`<details data-text="${searchText(spec)}" id="${method} ${path}">
    <summary><span class="method">${method}</span> <span class="path">${path}</span> <span class="what">${summary}</span></summary>
    <div class="body">
      ${description ? html`<p>${prose(description)}</p>` : undefined}
      <p>
        ${action === "open" ? html`Needs no credential.` : html`Action <span class="tag">${action}</span>: ${ACTIONS[action].summary}.`}
      </p>
      ${fieldTable("Path", spec.params)}${fieldTable("Query", spec.query)}${fieldTable("Body", spec.body ?? spec.rawBody?.schema)}${fieldTable(`Answer ${spec.answer.status}`, spec.answer.schema)}
      ${spec.problems ? html`<p>Problems: ${spec.problems.map((slug) => html`<a href="/problems/${slug}">${slug}</a>`)}</p>` : undefined}
    </div>
  </details>`;
}

function fieldTable(caption: string, schema: z.ZodType | undefined): Html | undefined {
  if (!schema) return undefined;
  const rows = describeSchema(schema).map(
    ({ name, type, required, note }) =>
      html`<tr>
        <td><code>${name}</code></td>
        <td>${type}${required ? "" : ", optional"}</td>
        <td>${note}</td>
      </tr>`,
  );
  return html`<table>
    <thead>
      <tr>
        <th>${caption}</th>
        <th></th>
        <th></th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}
