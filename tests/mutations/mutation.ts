/** One defect, put into a copy of the sources to see that the tests of the rule notice it. */
export interface Mutation {
  /** Id of the rule whose promise the defect breaks, such as `HT14`. A test that names it has to fail. */
  readonly rule: string;
  /** What the code does with the defect in it. */
  readonly defect: string;
  /** The source, relative to the project. */
  readonly file: string;
  /** Text of the source that occurs exactly once; short, so that it outlives edits around it. */
  readonly find: string;
  readonly replace: string;
  /** The test file that holds the rule's test. */
  readonly test: string;
}

export type Project = "node" | "workers";

/** The vitest project that a test file belongs to; workerd takes several times as long to start. */
export function projectOf({ test }: Pick<Mutation, "test">): Project {
  return /^(durable-objects|workers|tests\/workers)\//.test(test) ? "workers" : "node";
}

/** @returns the source with the defect, or undefined when the text is not there exactly once */
export function mutate(source: string, { find, replace }: Pick<Mutation, "find" | "replace">): string | undefined {
  const at = source.indexOf(find);
  if (find === "" || at < 0 || source.indexOf(find, at + 1) >= 0) return undefined;
  return source.slice(0, at) + replace + source.slice(at + find.length);
}
