import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { paused } from "../../lib/clock.ts";
import { go } from "../../lib/location.ts";
import { type Command, filterCommands } from "../../lib/palette.ts";
import { theme, THEMES } from "../../lib/theme.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { can, signOut } from "../session.ts";
import { boardNames, needBoardNames } from "./board-names.ts";
import { hostNames, needHostNames } from "./host-names.ts";
import { THEME_WORDS } from "./account-menu.tsx";
import { visiblePages } from "./rail.tsx";

function commands(): Command[] {
  const pages = visiblePages().map(({ name, paths, key }) => ({
    id: `page:${name}`,
    title: name,
    kind: "page",
    ...(key && { hint: `g ${key}` }),
    run: () => go(paths[0]),
  }));
  const hosts = hostNames.value.map((host) => ({
    id: `host:${host}`,
    title: host,
    kind: "host",
    run: () => go(`/console/observe/hosts/${encodeURIComponent(host)}`),
  }));
  const boards = boardNames.value.map((board) => ({
    id: `board:${board}`,
    title: board,
    kind: "leaderboard",
    run: () => go(`/console/live/leaderboards/${encodeURIComponent(board)}`),
  }));
  const themes = THEMES.map((name) => ({
    id: `theme:${name}`,
    title: `Theme: ${THEME_WORDS[name]}`,
    kind: "action",
    run: () => void (theme.value = name),
  }));
  return [
    ...pages,
    ...hosts,
    ...boards,
    {
      id: "pause",
      title: paused.value ? "Resume live updates" : "Pause live updates",
      kind: "action",
      hint: "p",
      run: () => void (paused.value = !paused.value),
    },
    ...(can("keys:manage") ? [{ id: "key", title: "Create a key", kind: "action", run: () => go("/console/control/keys/new") }] : []),
    ...(can("members:manage")
      ? [{ id: "invite", title: "Invite a member", kind: "action", run: () => go("/console/control/members/new") }]
      : []),
    ...(can("leaderboards:manage")
      ? [{ id: "leaderboard", title: "Create a leaderboard", kind: "action", run: () => go("/console/live/leaderboards?add=board") }]
      : []),
    ...themes,
    ...(can("tenant:manage")
      ? [{ id: "issuer", title: "Register an issuer", kind: "action", run: () => go("/console/control/issuers?add=issuer") }]
      : []),
    { id: "api", title: "Open the API documentation", kind: "action", run: () => void open("/docs", "_blank", "noopener") },
    { id: "sign-out", title: "Sign out", kind: "action", run: () => void signOut() },
  ];
}

/** Ctrl-K: everything that can be gone to or done, by name. */
export function Palette({ onClose }: { onClose: () => void }) {
  const typed = useSignal("");
  const at = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const found = useComputed(() => filterCommands(typed.value, commands()));

  useEffect(() => {
    void needHostNames();
    void needBoardNames();
  }, []);
  // Before the next key: what is typed right after Ctrl-K belongs in here.
  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => list.current?.children[at.value]?.scrollIntoView({ block: "nearest" }), [at.value]);

  const choose = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") choose(found.value[at.value]);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const count = Math.max(1, found.value.length);
      at.value = (at.value + (event.key === "ArrowDown" ? 1 : -1) + count) % count;
    } else return;
    event.preventDefault();
  };

  return (
    <Dialog title="Go to or do" onClose={onClose} class="palette" bare>
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Go to a page, host or board, run an action"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.value.length > 0 ? `palette-${at.value}` : undefined}
        placeholder="Go to a page, host or board, run an action"
        autocomplete="off"
        spellcheck={false}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <ul ref={list} id="palette-list" role="listbox" aria-label="Results">
        {found.value.map((command, i) => (
          <li
            key={command.id}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === at.value}
            onPointerMove={() => (at.value = i)}
            onClick={() => choose(command)}
          >
            <span>{command.title}</span>
            <span class="muted">{command.kind}</span>
            {command.hint && <kbd>{command.hint}</kbd>}
          </li>
        ))}
      </ul>
      {found.value.length === 0 && <p class="palette-none muted">Nothing is called that.</p>}
    </Dialog>
  );
}
