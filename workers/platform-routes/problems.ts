import { z } from "@hono/zod-openapi";
import { PROBLEMS, type ProblemSlug, refuse } from "../../contract/problems.ts";
import { accepts } from "../http/accept.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { html, pageResponse } from "./html.ts";
import { PROBLEM_ADVICE } from "./problem-advice.ts";

const problem = {
  method: "get",
  path: "/problems/{slug}",
  action: "open",
  tag: "platform",
  summary: "What a problem type means and what to do",
  params: z.object({ slug: z.string().max(64) }),
  answer: { status: 200, mediaType: "*/*" },
} as const;

/** The pages that `type` of a problem document leads to. */
export function registerProblemRoutes(app: App): void {
  route(app, problem, async ({ params, request }) => {
    const slug = Object.keys(PROBLEMS).find((known): known is ProblemSlug => known === params.slug);
    if (!slug) return refuse("not-found", "There is no problem type of this name. See /docs.");
    const { status, title } = PROBLEMS[slug];
    const advice = PROBLEM_ADVICE[slug];
    if (!accepts(request.headers.get("accept"), "text/html")) return Response.json({ type: `/problems/${slug}`, title, status, advice });
    return pageResponse(
      title,
      html`<h1>${title}</h1>
        <p><code>${slug}</code> · HTTP status ${status}</p>
        <p>${advice}</p>
        <p>
          The answer's <code>detail</code> says what to do in your case, <code>errors</code> which fields, and <code>requestId</code> finds
          it in our log. <a href="/docs">All routes</a>
        </p>`,
    );
  });
}
