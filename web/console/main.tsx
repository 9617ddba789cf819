import { render } from "preact";
import { startClock } from "../lib/clock.ts";
import { startKeepingFocus } from "../lib/keep-focus.ts";
import { startLocation } from "../lib/location.ts";
import { startTheme } from "../lib/theme.ts";
import { App } from "./app.tsx";
import { loadSession } from "./session.ts";
import "../ui/ui.css";
import "../ui/fields.css";
import "../ui/overlays.css";
import "./frame/frame.css";
import "./page.css";

startTheme();
startLocation();
startKeepingFocus();
startClock();
void loadSession();

const root = document.getElementById("app");
if (root) render(<App />, root);
