import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { assetAnswer } from "../http/assets.ts";
import { route } from "../http/define-route.ts";
import { buildOpenApi } from "../http/openapi.ts";

/** Where the build puts the document, below the assets directory. Under `/v1` only the Worker serves it. */
export const OPENAPI_FILE = "v1/openapi.json";

const openapi = {
  method: "get",
  path: "/v1/openapi.json",
  action: "open",
  tag: "platform",
  summary: "This API as an OpenAPI 3.1 document",
  answer: { status: 200 },
} as const;

const made = new WeakMap<App, string>();

/** The document is the build's; without a build (tests), the isolate makes it once. */
export function registerOpenApiRoutes(app: App): void {
  route(app, openapi, async ({ env, request }) => {
    const file = await builtFile(env, request);
    if (file) return file;
    const text = made.get(app) ?? JSON.stringify(buildOpenApi(app));
    made.set(app, text);
    return new Response(text, { headers: { "content-type": "application/json", "cache-control": "no-cache" } });
  });
}

async function builtFile(env: EdgeEnv, request: Request): Promise<Response | undefined> {
  return await assetAnswer(env, request, `/${OPENAPI_FILE}`);
}
