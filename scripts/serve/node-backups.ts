import { readBackups } from "../backup/records.ts";
import type { NodeAnswer } from "./node-service.ts";

/** Answers `GET http://node/backups`: what `npm run backup` left in the state folder, newest first, as `Backup` of contract/platform.ts. */
export function answerBackups(state: string): NodeAnswer {
  return { status: 200, body: JSON.stringify(readBackups(state)) };
}
