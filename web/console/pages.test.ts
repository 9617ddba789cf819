import { describe, expect, it } from "vitest";
import { ACTION_NAMES, actionsOfRole, ROLES } from "../../contract/permissions.ts";
import { homeOf, pageAt, PAGES } from "./pages.ts";

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
});
