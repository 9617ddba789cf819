import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentConfig, agentConfigSchema } from "../../contract/agents.ts";

/** Keeps the last configuration, so that a host which restarts while the server is away goes on as it was told. */
export interface ConfigStore {
  load(): AgentConfig | undefined;
  save(config: AgentConfig): void;
}

export function fileConfigStore(folder: string): ConfigStore {
  const file = join(folder, "config.json");
  return {
    load() {
      try {
        const parsed = agentConfigSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
        return parsed.success ? parsed.data : undefined;
      } catch {
        return undefined; // none yet, or torn: the server sends it again
      }
    },
    save(config) {
      try {
        writeFileSync(`${file}.new`, JSON.stringify(config), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch {
        // A full disk: the configuration holds until the restart, and then comes again.
      }
    },
  };
}
