import { isWorkerFirst } from "../../contract/paths.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "./app.ts";
import { assetAnswer } from "./assets.ts";

/**
 * Serves a request the way the assets router would: paths of the Worker go to it, others are files first, and what is no
 * file is the Worker's again.
 */
export async function serveWithAssets(app: App, request: Request, env: EdgeEnv, ctx: ExecutionContext): Promise<Response> {
  const url = new URL(request.url);
  if (!isWorkerFirst(url.pathname) && (request.method === "GET" || request.method === "HEAD")) {
    const file = await assetAnswer(env, request, url.pathname);
    if (file) return file;
  }
  return await app.fetch(request, env, ctx);
}
