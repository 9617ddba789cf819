import { env, listDurableObjectIds, runInDurableObject } from "cloudflare:test";

const NAMESPACES = ["TENANT", "METRICS", "HUB", "AGENTS", "ATTEMPTS", "SUBJECTS"] as const;

/** Where any of these texts stands: in a table of an object, in either database, or in the bucket. One line per row. */
export async function tracesOf(texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const look = (place: string, rows: readonly unknown[]) => {
    for (const row of rows) {
      const line = JSON.stringify(row, (_, value: unknown) => (value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value));
      if (texts.some((text) => line.toLowerCase().includes(text.toLowerCase()))) found.push(`${place}: ${line}`);
    }
  };
  for (const binding of NAMESPACES) {
    const namespace = env[binding] as unknown as DurableObjectNamespace; // six namespaces of six classes, read alike
    for (const id of await listDurableObjectIds(namespace)) {
      await runInDurableObject(namespace.get(id), (_instance, state) => {
        const tables = state.storage.sql.exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
        );
        for (const { name } of tables.toArray()) look(`${binding} ${name}`, state.storage.sql.exec(`SELECT * FROM "${name}"`).toArray());
      });
    }
  }
  for (const binding of ["DB", "HISTORY"] as const) {
    const tables = await env[binding]
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
      .all<{ name: string }>();
    for (const { name } of tables.results)
      look(`${binding} ${name}`, (await env[binding].prepare(`SELECT * FROM "${name}"`).all()).results);
  }
  const listed = await env.ARCHIVE.list();
  for (const { key } of listed.objects) look(`ARCHIVE ${key}`, [key, await (await env.ARCHIVE.get(key))?.text()]);
  return found;
}
