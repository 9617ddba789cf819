import type { Migration } from "../../kit/object-kit.ts";
import { GATE_TABLES } from "../hub-gate.ts";
import { INBOX_NOTE_TABLES } from "./inbox-notes.ts";
import { ARCHIVE_TABLES } from "./sql-archive.ts";
import { HEAD_TABLES } from "./sql-head.ts";
import { LOG_TABLES } from "./sql-log.ts";
import { MARK_TABLES } from "./sql-marks.ts";
import { MEMBER_TABLES } from "./sql-members.ts";
import { TASK_TABLES } from "./sql-tasks.ts";

/** Tables of a room; each part has made its own. */
export const ROOM_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "rooms",
    additive: true,
    up: [HEAD_TABLES, LOG_TABLES, MEMBER_TABLES, MARK_TABLES, ARCHIVE_TABLES, TASK_TABLES, INBOX_NOTE_TABLES, GATE_TABLES].join("\n"),
  },
];
