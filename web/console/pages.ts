import type { IconNode } from "lucide";
import type { ComponentType } from "preact";
import {
  Activity,
  Cable,
  ChartSpline,
  Contact,
  Database,
  DoorOpen,
  Eye,
  HardDriveDownload,
  Import,
  KeyRound,
  Megaphone,
  MessagesSquare,
  Radio,
  ScanSearch,
  ScrollText,
  Server,
  Settings,
  Stamp,
  Tags,
  Trophy,
  Unplug,
  Users,
} from "lucide";
import type { Action } from "../../contract/permissions.ts";
import { matchPath } from "../lib/url-state.ts";

export interface PageProps {
  /** Parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

export interface PageSpec {
  readonly name: string;
  /** What it shows, after "your role does not include"; one thing. */
  readonly what: string;
  readonly plane: "observe" | "live" | "control" | "settings";
  /** Pages of a plane that belong together: the rail sets them apart, under this title. */
  readonly group?: string;
  /** The first is the page's own; the others open something on it, a drawer for example. */
  readonly paths: readonly [string, ...string[]];
  readonly icon: IconNode;
  /** Without it the page says which roles see it. */
  readonly action: Action;
  /** After `g`. */
  readonly key?: string;
  /** Whether the header offers the time range, and what it is when the address says nothing. */
  readonly range?: string;
  /** On a phone, in the bottom bar itself instead of behind "more". */
  readonly thumb?: true;
  /** Not in the rail: reached from its parent. */
  readonly parent?: string;
  readonly load: () => Promise<{ default: ComponentType<PageProps> }>;
}

/** Every page of the console. The rail, the bottom bar, the palette, the keys and the router read this table. */
export const PAGES: readonly PageSpec[] = [
  {
    name: "Hosts",
    what: "the list of hosts",
    plane: "observe",
    paths: ["/console/observe", "/console/observe/hosts"],
    icon: Server,
    action: "metrics:read",
    key: "h",
    thumb: true,
    load: () => import("./observe/command-center.tsx"),
  },
  {
    name: "Host",
    what: "a host’s page",
    plane: "observe",
    paths: ["/console/observe/hosts/:host"],
    icon: Server,
    action: "metrics:read",
    range: "1h",
    parent: "Hosts",
    load: () => import("./observe/host-page.tsx"),
  },
  {
    name: "Explore",
    what: "metrics",
    plane: "observe",
    group: "Metrics",
    paths: ["/console/observe/explore"],
    icon: ChartSpline,
    action: "metrics:read",
    range: "1h",
    key: "o",
    thumb: true,
    load: () => import("./observe/explore/explore-page.tsx"),
  },
  {
    name: "Cardinality",
    what: "what takes how many series",
    plane: "observe",
    group: "Metrics",
    paths: ["/console/observe/cardinality", "/console/observe/cardinality/:what"],
    icon: Tags,
    action: "metrics:read",
    key: "c",
    load: () => import("./observe/cardinality/cardinality-page.tsx"),
  },
  {
    name: "Storage",
    what: "how metrics are kept",
    plane: "observe",
    group: "Metrics",
    paths: ["/console/observe/storage"],
    icon: Database,
    action: "metrics:read",
    load: () => import("./observe/storage/storage-page.tsx"),
  },
  {
    name: "Ingest",
    what: "what comes in and what is refused",
    plane: "observe",
    group: "Metrics",
    paths: ["/console/observe/ingest"],
    icon: Import,
    action: "metrics:read",
    key: "n",
    load: () => import("./observe/ingest/ingest-page.tsx"),
  },
  {
    name: "Leaderboards",
    what: "the list of leaderboards",
    plane: "live",
    paths: ["/console/live/leaderboards"],
    icon: Trophy,
    action: "leaderboards:read",
    key: "l",
    load: () => import("./live/boards-page.tsx"),
  },
  {
    name: "Leaderboard",
    what: "a leaderboard’s page",
    plane: "live",
    paths: ["/console/live/leaderboards/:board"],
    icon: Trophy,
    action: "leaderboards:read",
    parent: "Leaderboards",
    load: () => import("./live/board-page.tsx"),
  },
  {
    name: "Realtime",
    what: "figures of live sockets",
    plane: "live",
    group: "Rooms and topics",
    paths: ["/console/live/realtime"],
    icon: Radio,
    action: "realtime:read",
    key: "r",
    load: () => import("./live/realtime-page.tsx"),
  },
  {
    name: "Connections",
    what: "live connections",
    plane: "live",
    group: "Rooms and topics",
    paths: ["/console/live/connections"],
    icon: Unplug,
    action: "realtime:read",
    load: () => import("./live/connections-page.tsx"),
  },
  {
    name: "Rooms",
    what: "the list of rooms",
    plane: "live",
    group: "Rooms and topics",
    paths: ["/console/live/rooms", "/console/live/rooms/:room"],
    icon: MessagesSquare,
    action: "rooms:read",
    load: () => import("./live/rooms-page.tsx"),
  },
  {
    name: "Topics",
    what: "the list of topics",
    plane: "live",
    group: "Rooms and topics",
    paths: ["/console/live/topics", "/console/live/topics/:kind/:name"],
    icon: Megaphone,
    action: "topics:read",
    key: "t",
    load: () => import("./live/topics-page.tsx"),
  },
  {
    name: "Agents",
    what: "the list of agents",
    plane: "control",
    paths: ["/console/control/agents", "/console/control/agents/:agent"],
    icon: Cable,
    action: "agents:read",
    key: "a",
    thumb: true,
    load: () => import("./control/agents-page.tsx"),
  },
  {
    name: "Events",
    what: "the list of events",
    plane: "control",
    paths: ["/console/control/events", "/console/control/events/:event"],
    icon: Activity,
    action: "events:read",
    range: "24h",
    key: "e",
    thumb: true,
    load: () => import("./control/events-page.tsx"),
  },
  {
    name: "Keys",
    what: "the list of keys",
    plane: "control",
    paths: ["/console/control/keys", "/console/control/keys/:key"],
    icon: KeyRound,
    action: "keys:manage",
    key: "k",
    load: () => import("./control/keys-page.tsx"),
  },
  {
    name: "Members",
    what: "the list of members",
    plane: "control",
    paths: ["/console/control/members", "/console/control/members/:member"],
    icon: Users,
    action: "members:manage",
    key: "m",
    load: () => import("./control/members-page.tsx"),
  },
  {
    name: "Audit",
    what: "the audit log",
    plane: "control",
    paths: ["/console/control/audit", "/console/control/audit/:seq"],
    icon: ScrollText,
    action: "audit:read",
    key: "u",
    load: () => import("./control/audit-page.tsx"),
  },
  {
    name: "Platform",
    what: "the key ring and backups",
    plane: "control",
    paths: ["/console/control/platform"],
    icon: HardDriveDownload,
    action: "platform:manage",
    load: () => import("./identity/platform-page.tsx"),
  },
  {
    name: "End users",
    what: "the list of end users",
    plane: "control",
    group: "Identities",
    paths: ["/console/control/subjects", "/console/control/subjects/:issuer/:sub"],
    icon: Contact,
    action: "subjects:read",
    key: "p",
    load: () => import("./identity/subjects-page.tsx"),
  },
  {
    name: "Issuers",
    what: "the list of issuers",
    plane: "control",
    group: "Identities",
    paths: ["/console/control/issuers", "/console/control/issuers/:name"],
    icon: Stamp,
    action: "tenant:manage",
    key: "i",
    load: () => import("./identity/issuers-page.tsx"),
  },
  {
    name: "Door",
    what: "the settings of the door",
    plane: "control",
    group: "Identities",
    paths: ["/console/control/door"],
    icon: DoorOpen,
    action: "tenant:manage",
    key: "d",
    load: () => import("./identity/door-page.tsx"),
  },
  {
    name: "Public",
    what: "the list of public things",
    plane: "control",
    group: "Identities",
    paths: ["/console/control/public"],
    icon: Eye,
    action: "tenant:manage",
    load: () => import("./identity/public-page.tsx"),
  },
  {
    name: "Explain access",
    what: "why somebody may do something",
    plane: "control",
    group: "Identities",
    paths: ["/console/control/explain"],
    icon: ScanSearch,
    action: "access:explain",
    key: "x",
    load: () => import("./identity/explain-page.tsx"),
  },
  {
    name: "Settings",
    what: "the settings",
    plane: "settings",
    paths: ["/console/settings"],
    icon: Settings,
    action: "self:read",
    key: "s",
    load: () => import("./settings/settings-page.tsx"),
  },
];

/** Where a person with these actions starts: the first page they may see. */
export function homeOf(actions: readonly string[]): string {
  return PAGES.find((page) => !page.parent && actions.includes(page.action))?.paths[0] ?? "/console/settings";
}

export interface RailSection {
  readonly plane: PageSpec["plane"];
  readonly title: string;
  readonly pages: readonly PageSpec[];
}

/** Pages as the rail sets them apart: by plane, and within a plane by group, in the table's order. */
export function railSections(pages: readonly PageSpec[]): RailSection[] {
  const sections = new Map<string, { plane: PageSpec["plane"]; title: string; pages: PageSpec[] }>();
  for (const page of pages) {
    const title = page.group ?? page.plane;
    const section = sections.get(title) ?? { plane: page.plane, title, pages: [] };
    section.pages.push(page);
    sections.set(title, section);
  }
  return [...sections.values()];
}

/** The page of an address with the parameters in it. */
export function pageAt(path: string): { page: PageSpec; params: Record<string, string> } | undefined {
  for (const page of PAGES) {
    for (const pattern of page.paths) {
      const params = matchPath(pattern, path);
      if (params) return { page, params };
    }
  }
  return undefined;
}

/** An address's own words for what is open: hosts, boards, agents and entries stand there by name, an id gives way to the name or is shortened. */
export function detailWords(params: Readonly<Record<string, string>>, known: string | undefined): string | undefined {
  // The last says what; those before it say whose.
  const [parameter, value] = Object.entries(params).at(-1) ?? [];
  if (
    value === undefined ||
    parameter === "host" ||
    parameter === "board" ||
    parameter === "agent" ||
    parameter === "seq" ||
    parameter === "name"
  )
    return value;
  return known ?? value.slice(0, 8);
}

/** Who sees a page, as a sentence. */
export function seenBy(roles: readonly string[]): string {
  if (roles.length === 0) return "Only a deployment admin sees it.";
  const words = new Intl.ListFormat("en-GB").format(roles.map((role) => `${role}s`));
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} see it.`;
}
