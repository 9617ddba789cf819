import { describe, expect, it } from "vitest";
import { ACTION_NAMES, ACTIONS, actionsOfRole, ROLES } from "../../contract/permissions.ts";
import { detailWords, homeOf, pageAt, PAGES, railSections, seenBy } from "./pages.ts";

describe("the page table", () => {
  it("[UI27] finds a page by its address, with the drawer in it", () => {
    expect(pageAt("/console/observe")?.page.name).toBe("Hosts");
    expect(pageAt("/console/observe/hosts/web%201")).toMatchObject({ page: { name: "Host" }, params: { host: "web 1" } });
    expect(pageAt("/console/control/keys/new")).toMatchObject({ page: { name: "Keys" }, params: { key: "new" } });
    expect(pageAt("/console/nowhere")).toBeUndefined();
  });

  it("[UI27] starts everybody on the first page their role shows", () => {
    expect(ROLES.map((role) => homeOf(actionsOfRole(role, false)))).toEqual([
      ...Array.from({ length: 5 }, () => "/console/observe"),
      "/console/control/events",
    ]);
    expect(homeOf([])).toBe("/console/settings");
  });

  it("[UI27] gives every page an action of the contract, its own letter and addresses nobody else has", () => {
    const paths = PAGES.flatMap((page) => page.paths);
    const letters = PAGES.flatMap(({ key }) => (key ? [key] : []));
    expect(new Set(paths).size).toBe(paths.length);
    expect(new Set(letters).size).toBe(letters.length);
    for (const page of PAGES) {
      expect(ACTION_NAMES).toContain(page.action);
      if (page.parent) expect(PAGES.some(({ name }) => name === page.parent)).toBe(true);
      for (const path of page.paths)
        expect(path).toMatch(page.plane === "settings" ? /^\/console\/settings/ : new RegExp(`^/console/${page.plane}`));
    }
  });

  it("[UI70] sets pages apart by plane, and what belongs together by its title", () => {
    expect(railSections(PAGES.filter(({ parent }) => !parent)).map(({ title, pages }) => [title, pages.length])).toEqual([
      ["observe", 1],
      ["Metrics", 4],
      ["live", 1],
      ["Rooms and topics", 4],
      ["control", 6],
      ["Identities", 5],
      ["settings", 1],
    ]);
    expect(railSections([])).toEqual([]);
  });

  it("[UI39] names what is open by its name, else by the start of its id", () => {
    const params = { key: "01a1f823-7484-7e26-a29a-d358019b489f" };
    expect(detailWords(params, "host agents")).toBe("host agents");
    expect(detailWords(params, undefined)).toBe("01a1f823");
    expect(detailWords({ key: "new" }, undefined)).toBe("new");
    expect(detailWords({ host: "database-primary" }, undefined)).toBe("database-primary");
    expect(detailWords({ board: "capture-the-flag" }, undefined)).toBe("capture-the-flag");
    expect(detailWords({}, "left over")).toBeUndefined();
    expect(detailWords({ issuer: "hosted", sub: "01a1f823-7484-7e26" }, undefined)).toBe("01a1f823");
    expect(detailWords({ issuer: "hosted", sub: "01a1f823-7484-7e26" }, "Ada")).toBe("Ada");
    expect(detailWords({ name: "identity-provider" }, undefined)).toBe("identity-provider");
  });

  it("[UI33] says in a sentence who sees a page", () => {
    expect(seenBy(ACTIONS["audit:read"].roles)).toBe("Owners, admins and auditors see it.");
    expect(seenBy(ACTIONS["keys:manage"].roles)).toBe("Owners and admins see it.");
    expect(seenBy([])).toBe("Only a deployment admin sees it.");
  });
});
