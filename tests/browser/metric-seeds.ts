import type { Meridian } from "../../sdk/client.ts";
import type { TestServer } from "../lib/server.ts";

const MINUTE_MS = 60_000;
export const QUEUES = ["mail", "push", "sms"] as const;

/** Half an hour of a queue's depth and its requests, a sample a minute; the last is a minute old. */
export async function seedQueues(client: Meridian): Promise<void> {
  const end = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const minutes = Array.from({ length: 30 }, (_, i) => end - (30 - i) * MINUTE_MS);
  const samples = minutes.flatMap((timestamp, i) =>
    QUEUES.flatMap((queue, n) => [
      { metric: "queue_depth", labels: { queue, job: "worker" }, timestamp, value: 10 * (n + 1) + (i % 5) },
      { metric: "queue_jobs_total", labels: { queue, job: "worker" }, timestamp, value: (i + 1) * 60 * (n + 1) },
    ]),
  );
  await client.metrics.ingest({ samples });
}

/** A label that explodes: a request id on every series of a metric. */
export async function seedExplosion(client: Meridian, values: number): Promise<void> {
  const timestamp = Date.now() - 1_000;
  const samples = Array.from({ length: values }, (_, i) => ({
    metric: "login_attempts_total",
    labels: { request_id: `request-${i}`, job: "login" },
    timestamp,
    value: 1,
  }));
  await client.metrics.ingest({ samples });
}

/** One good sample and two that are refused: too old, and with a value that is a text. */
export async function sendRefused(server: TestServer): Promise<void> {
  const good = { metric: "temperature", timestamp: Date.now(), value: 20 };
  const old = { metric: "temperature_of_yore", labels: { room: "attic" }, timestamp: Date.now() - 40 * 86_400_000, value: 19 };
  const text = { metric: "temperature_in_words", timestamp: Date.now(), value: "warm" };
  const answer = await fetch(`${server.url}/v1/metrics/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.demo.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ samples: [good, old, text] }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
