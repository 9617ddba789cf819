import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { EVENT_ATTEMPTS } from "../../contract/events.ts";
import { ROOT } from "../lib/project.ts";
import type { Check } from "./check.ts";

/** What has to be the same wherever the platform runs, as text; names that carry an environment are cut down to what they mean. */
export interface Shape {
  readonly compatibilityDate: string | undefined;
  readonly crons: readonly string[];
  readonly workerFirst: readonly string[];
  /** `queue max_batch_size max_batch_timeout max_retries dead_letter_queue` */
  readonly consumers: readonly string[];
  readonly objects: readonly string[];
  /** Classes with storage, in the order of their migrations. */
  readonly classes: readonly string[];
}

/** Differences between the local configuration and a production script, for the parts that this script has. */
export function shapeFaults(name: string, local: Shape, other: Shape, parts: readonly (keyof Shape)[]): string[] {
  return parts.flatMap((part) => {
    const [here, there] = [JSON.stringify(local[part]), JSON.stringify(other[part])];
    return here === there ? [] : [`${name}: ${part} is ${there}, wrangler.toml has ${here}`];
  });
}

/** What is read of a configuration; wrangler's own type needs types of packages that are not installed. */
interface Configuration {
  compatibility_date?: string;
  triggers: { crons?: readonly string[] };
  assets?: { run_worker_first?: unknown };
  queues: {
    consumers?: readonly {
      queue: string;
      max_batch_size?: number;
      max_batch_timeout?: number;
      max_retries?: number;
      dead_letter_queue?: string;
    }[];
  };
  durable_objects: { bindings: readonly { name: string; class_name: string }[] };
  migrations: readonly { new_sqlite_classes?: readonly string[] }[];
}

function shapeOf(config: string, env?: string): Shape {
  const read: Configuration = unstable_readConfig({ config: join(ROOT, config), ...(env ? { env } : {}) }, { hideWarnings: true });
  const bare = (text: string | undefined): string => (text ?? "").replace(/-(staging|production)$/, "");
  const first = read.assets?.run_worker_first;
  return {
    compatibilityDate: read.compatibility_date,
    crons: [...(read.triggers.crons ?? [])],
    workerFirst: Array.isArray(first) ? first : [],
    consumers: (read.queues.consumers ?? []).map((consumer) =>
      [
        bare(consumer.queue),
        consumer.max_batch_size,
        consumer.max_batch_timeout,
        consumer.max_retries,
        bare(consumer.dead_letter_queue),
      ].join(" "),
    ),
    objects: read.durable_objects.bindings.map((binding) => `${binding.name}=${binding.class_name}`),
    classes: read.migrations.flatMap((migration) => migration.new_sqlite_classes ?? []),
  };
}

export const deployment: Check = {
  name: "production configuration",
  run: () => {
    const local = shapeOf("wrangler.toml");
    const faults = ["staging", "production"].flatMap((env) => [
      ...shapeFaults(`deploy/edge, ${env}`, local, shapeOf("deploy/edge/wrangler.toml", env), [
        "compatibilityDate",
        "crons",
        "workerFirst",
        "consumers",
        "objects",
      ]),
      ...shapeFaults(`deploy/objects, ${env}`, local, shapeOf("deploy/objects/wrangler.toml", env), [
        "compatibilityDate",
        "objects",
        "classes",
      ]),
    ]);
    const events = local.consumers.find((consumer) => consumer.startsWith("meridian-events "));
    if (Number(events?.split(" ")[3]) + 1 !== EVENT_ATTEMPTS)
      faults.push(`contract/events.ts: EVENT_ATTEMPTS is ${EVENT_ATTEMPTS}, which is not max_retries of the events queue and one`);
    return faults;
  },
};
