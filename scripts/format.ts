import { run } from "./lib/project.ts";

process.exitCode = (await run("prettier", ["--write", "--log-level", "warn", "."], { show: true })).code;
