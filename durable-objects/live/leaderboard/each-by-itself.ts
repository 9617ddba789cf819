import { type Outcome, refuse } from "../../../contract/problems.ts";
import { errorText, logLine } from "../../kit/log.ts";

/** Calls that came in one, begun in their order and in one turn. One that fails is logged and answers `internal`; the others stand. */
export async function eachByItself<A, T>(calls: readonly A[], answer: (call: A) => Promise<Outcome<T>>): Promise<Outcome<T>[]> {
  return await Promise.all(
    calls.map(async (call) => {
      try {
        return await answer(call);
      } catch (error) {
        logLine("error", "one of several calls failed", { error: errorText(error) });
        return refuse("internal", "Something failed on our side. Try again, and tell us the requestId if it keeps failing.");
      }
    }),
  );
}
