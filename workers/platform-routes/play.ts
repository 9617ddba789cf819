import { z } from "@hono/zod-openapi";
import { refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { assetAnswer } from "../http/assets.ts";
import { route } from "../http/define-route.ts";

/** `/play/{app}`: the page of an app, which routes by itself in the browser. */
export function registerPlayRoutes(app: App): void {
  route(
    app,
    {
      method: "get",
      path: "/play/{app}",
      action: "open",
      tag: "platform",
      hidden: true,
      summary: "An app",
      params: z.object({ app: z.string().regex(/^[a-z-]{1,40}$/, "must be an app's name") }),
      answer: { status: 200, mediaType: "*/*" },
    },
    async ({ env, request, params }) =>
      (await assetAnswer(env, request, `/play/${params.app}/`)) ?? refuse("not-found", "There is no app of this name."),
  );
}
