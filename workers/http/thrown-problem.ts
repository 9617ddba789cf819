import type { Problem } from "../../contract/problems.ts";

/** An error that is an answer: whatever throws it deep inside, the route answers with its problem, and no log calls it a fault. */
export abstract class ThrownProblem extends Error {
  abstract readonly problem: Problem;
}
