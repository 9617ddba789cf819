/** Style and script of the documentation pages. Text here instead of files in the console's build, so that the pages stand without one. */
export const PAGE_CSS = `
:root { color-scheme: light dark; --ink: #1a1d24; --soft: #5b6270; --line: #d9dde5; --back: #ffffff; --raised: #f5f6f9; --accent: #2f5fd0; --mono: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #9aa3b5; --line: #2c3240; --back: #12151c; --raised: #1a1f29; --accent: #84a9ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 6rem; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; text-transform: capitalize; }
p { margin: .25rem 0 .75rem; color: var(--soft); } a { color: var(--accent); }
a:focus-visible, summary:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, .path, .method { font-family: var(--mono); font-size: .92em; }
form { position: sticky; top: 0; display: flex; gap: .5rem; padding: .75rem 0; background: var(--back); }
input { flex: 1; min-width: 0; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); color: inherit; font: inherit; }
button { padding: .5rem .9rem; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); color: inherit; font: inherit; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0; background: var(--raised); }
summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; padding: .5rem .75rem; cursor: pointer; }
.method { width: 4.2rem; font-weight: 600; text-transform: uppercase; color: var(--accent); } .path { overflow-wrap: anywhere; }
.what { color: var(--soft); margin-left: auto; } .body { padding: 0 .75rem .75rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem; } th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; }
.tag { font-family: var(--mono); font-size: .85em; border: 1px solid var(--line); border-radius: 4px; padding: 0 .35rem; }
[hidden] { display: none !important; }
`;

/** Filters the page while one types; without script the form asks the server to do it. */
export const FILTER_JS = `
const input = document.querySelector("input[name=q]");
const routes = [...document.querySelectorAll("details[data-text]")];
function filter() {
  const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const route of routes) route.hidden = !words.every((word) => route.dataset.text.includes(word));
  for (const group of document.querySelectorAll("section[data-group]")) group.hidden = !group.querySelector("details:not([hidden])");
}
input.addEventListener("input", filter);
input.form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || document.activeElement === input) return;
  event.preventDefault();
  input.focus();
});
filter();
if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.setAttribute("open", "");
`;
