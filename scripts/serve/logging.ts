import { join } from "node:path";
import { type LogFile, openLogFile } from "./log-file.ts";
import type { StartOptions } from "./options.ts";
import { StateError } from "./state.ts";

export interface Logging {
  /** A line of the runtime: JSON of ours, or an error of its own. */
  readonly runtime: (line: string, level: string) => void;
  /** A sentence of the node's program: for the terminal or the journal, and for the log. */
  readonly say: (sentence: string) => void;
  readonly close: () => Promise<void>;
}

/**
 * Where lines go: to a file that is put aside by size and age in production, else to standard output. What the program itself says
 * always goes to standard output too, which a service manager keeps.
 * @throws StateError when there is no writing there
 */
export function startLogging(options: Pick<StartOptions, "production" | "logFile" | "quiet" | "state">): Logging {
  const tell = (sentence: string): void => console.log(`meridian: ${sentence}`);
  if (!options.production || options.logFile === "-") {
    const runtime = (line: string, level: string): void => {
      if (!options.quiet || level === "error") console.log(line);
    };
    return { runtime, say: tell, close: async () => {} };
  }
  const path = options.logFile ?? join(options.state, "logs/meridian.log");
  let file: LogFile;
  try {
    file = openLogFile({ path, complain: tell });
  } catch (error) {
    throw new StateError(`--log-file: ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  const entry = (level: string, event: string, message: string): string =>
    JSON.stringify({ at: new Date().toISOString(), level, event, message });
  return {
    runtime: (line, level) => file.write(line.startsWith("{") && !line.includes("\n") ? line : entry(level, "runtime", line)),
    say: (sentence) => {
      tell(sentence);
      file.write(entry("info", "node", sentence));
    },
    close: file.close,
  };
}
