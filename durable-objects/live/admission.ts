import { type Problem, PROBLEMS } from "../../contract/problems.ts";
import { type Admission, ADMISSION_HEADER, admissionSchema } from "../../contract/rpc/hub.ts";

/** The edge's word on a socket that knocks; undefined when this is no socket, or the header is not the edge's. */
export function readAdmission(request: Request): Admission | undefined {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") return undefined;
  try {
    return admissionSchema.safeParse(JSON.parse(decodeURIComponent(request.headers.get(ADMISSION_HEADER) ?? ""))).data;
  } catch {
    return undefined; // no header, or not ours
  }
}

/** A refusal before the upgrade, as the edge reads it. */
export function answerProblem(problem: Problem): Response {
  return Response.json(problem, { status: PROBLEMS[problem.slug].status });
}
