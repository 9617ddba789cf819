import type { Grant, Thing } from "../../contract/grants.ts";
import { TOPIC_LIMITS } from "../../contract/room-limits.ts";
import type { AdmittedTopics } from "../../contract/rpc/hub.ts";

/**
 * The topics that an end user's grants name, and those that are marked as public: what a hub is told, which cannot ask. Bounded, since it
 * travels in tickets and in what a socket leaves for a sleep: the first of each, in order, as many as there is room for.
 */
export function admittedTopics(grants: readonly Grant[], marks: readonly Thing[]): AdmittedTopics | undefined {
  const named = grants.filter(({ kind }) => kind === "topic");
  const read = namesOf(named, "read").concat(marks.filter(({ kind }) => kind === "topic").map(({ name }) => name));
  const publish = namesOf(named, "publish");
  if (read.length + publish.length === 0) return undefined;
  let left: number = TOPIC_LIMITS.admittedChars;
  let most: number = TOPIC_LIMITS.admitted;
  const fitting = (names: readonly string[]): string[] =>
    [...new Set(names)].filter((name) => {
      const fits = most > 0 && name.length <= left;
      if (fits) [most, left] = [most - 1, left - name.length];
      return fits;
    });
  // Grants of one person come before marks for everybody, which hubs learn of topics that are public by their own settings anyway.
  return { publish: fitting(publish), read: fitting(read) };
}

function namesOf(grants: readonly Grant[], verb: string): string[] {
  return grants.filter(({ actions }) => actions.includes(verb)).map(({ name }) => name);
}
