export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** One line per call: plain text for people and journals, or JSON. Time stamps are left to journald in plain form under systemd. */
export function createLog(format: "plain" | "json", write: (line: string) => void, wallMs: () => number, stamped = true): Log {
  const line = (level: "info" | "warn", message: string): void => {
    const at = new Date(wallMs()).toISOString();
    // A message may quote a server's or a system's text: control characters would forge lines.
    const text = message.replace(/\p{Cc}+/gu, " ");
    if (format === "json") write(JSON.stringify({ at, level, source: "meridian-agent", message: text }));
    else write(`${stamped ? `${at} ` : ""}${level === "warn" ? "warning: " : ""}${text}`);
  };
  return { info: (message) => line("info", message), warn: (message) => line("warn", message) };
}
