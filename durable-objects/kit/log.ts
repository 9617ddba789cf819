/** One JSON line. Fields never hold secrets, bodies or whole envs. */
export function logLine(
  level: "info" | "warn" | "error",
  message: string,
  fields: Readonly<Record<string, string | number | boolean | null>>,
): void {
  const line = JSON.stringify({ level, message, ...fields });
  if (level === "error") console.error(line);
  else console.log(line);
}

/** The text of an error for a log line: its message, never its stack. */
export function errorText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
