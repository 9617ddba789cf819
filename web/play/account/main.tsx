import { render } from "preact";
import { MeridianUser } from "../../../sdk/user.ts";
import { readQuery } from "../../lib/url-state.ts";
import { startTheme } from "../../lib/theme.ts";
import { followUser } from "../../user/user-state.ts";
import { AccountPage } from "./account-page.tsx";
import "../../ui/ui.css";
import "../../ui/fields.css";
import "../../console/page.css";
import "./account.css";

startTheme();
const slug = readQuery(location.search, "tenant", "demo");
const state = followUser(new MeridianUser({ slug }));
const root = document.getElementById("app");
if (root) render(<AccountPage state={state} slug={slug} />, root);
