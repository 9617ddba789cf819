import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { PROBLEMS } from "../../contract/problems.ts";
import { app as wholeApp } from "../edge.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { buildOpenApi } from "../http/openapi.ts";
import { specsOf } from "../http/route-table.ts";
import { PAGE_CSP } from "../http/security-headers.ts";
import { testApp } from "../http/testing.ts";
import { registerDocsRoutes } from "./docs.ts";
import { registerOpenApiRoutes } from "./openapi.ts";
import { registerProblemRoutes } from "./problems.ts";

const NO_FILES = { ASSETS: { fetch: async () => new Response(null, { status: 404 }) } as unknown as Fetcher };

function documented() {
  const made = testApp();
  for (const register of [registerDocsRoutes, registerOpenApiRoutes, registerProblemRoutes]) register(made.app);
  addSample(made.app);
  return made;
}

function addSample(app: App): void {
  const spec = {
    method: "put",
    path: "/v1/samples/{sampleId}",
    action: "metrics:write",
    tag: "observe",
    summary: "Replace <b>one</b> sample",
    description: "Send `<n>`.",
    params: z.object({ sampleId: z.string() }),
    body: z.strictObject({ labels: z.object({ host: z.string().max(9) }), list: z.array(z.object({ value: z.number().nullable() })) }),
    answer: { status: 204 },
    problems: ["conflict"],
  } as const;
  route(app, spec, async () => ({ ok: true, value: undefined }));
}

describe("the documentation", () => {
  it("[HT44] /v1/openapi.json comes from the specs that serve the routes", async () => {
    const response = await documented().call("/v1/openapi.json", {}, NO_FILES);
    const document = await response.json<ReturnType<typeof buildOpenApi>>();
    expect(document.openapi).toBe("3.1.0");
    const operation = document.paths?.["/v1/samples/{sampleId}"]?.put;
    expect(operation?.security).toEqual([{ apiKey: [] }, { session: [] }]);
    expect(Object.keys(operation?.responses ?? {}).sort()).toEqual("204 400 401 403 406 408 409 413 415 422 500 503".split(" "));
    expect(operation?.requestBody).toBeTruthy();
  });

  it("[HT44] the document of the whole deployment holds every documented route, each with an id of its own", () => {
    const document = buildOpenApi(wholeApp, "test");
    const operations = Object.values(document.paths ?? {}).flatMap((path) =>
      Object.values(path as Record<string, { operationId?: string }>),
    );
    const documentedSpecs = specsOf(wholeApp).filter((spec) => !spec.hidden);
    expect(operations.length).toBe(documentedSpecs.length);
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(operations.length);
  });

  it("[HT44] a built document is served instead of making one", async () => {
    const ASSETS = { fetch: async () => Response.json({ built: true }) } as unknown as Fetcher;
    expect(await (await documented().call("/v1/openapi.json", {}, { ASSETS })).json()).toEqual({ built: true });
  });

  it("[HT45] /docs lists routes with fields and actions, escaped, and nothing inline or from elsewhere", async () => {
    const response = await documented().call("/docs");
    const text = await response.text();
    expect(response.headers.get("content-security-policy")).toBe(PAGE_CSP);
    expect(text).toContain("/v1/samples/{sampleId}");
    expect(text).toContain("list[].value");
    expect(text).toContain("metrics:write");
    expect(text).toContain("Replace &lt;b&gt;one&lt;/b&gt; sample");
    expect(text).toContain("<p>Send <code>&lt;n&gt;</code>.</p>");
    expect(text).not.toMatch(/https?:\/\/|<script(?! type="module" src="\/docs\/filter\.js")|style="|onclick/);
  });

  it("[HT45] /docs?q= finds by path, method and action without any script", async () => {
    const { call } = documented();
    expect(await (await call("/docs?q=put%20samples")).text()).toContain("/v1/samples/{sampleId}");
    const none = await (await call("/docs?q=%3Cscript%3E")).text();
    expect(none).not.toContain("/v1/samples/{sampleId}");
    expect(none).toContain("“&lt;script&gt;”");
  });

  it("[HT45] style and script are files of this origin", async () => {
    const { call } = documented();
    expect((await call("/docs/page.css")).headers.get("content-type")).toContain("text/css");
    expect((await call("/docs/filter.js")).headers.get("content-type")).toContain("text/javascript");
  });

  it("[HT46] every problem type has a page, and the same as JSON for programs", async () => {
    const { call } = documented();
    for (const slug of Object.keys(PROBLEMS)) {
      const page = await call(`/problems/${slug}`, { headers: { accept: "text/html" } });
      expect(page.headers.get("content-type")).toContain("text/html");
      expect(await page.text()).toContain(slug);
    }
    const json = await call("/problems/payload-too-large", { headers: { accept: "application/json" } });
    expect(await json.json()).toMatchObject({ status: 413 });
    expect((await call("/problems/constructor")).status).toBe(404);
  });
});
