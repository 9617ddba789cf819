/** The first letters of a name on a colour that stays with the id. */
export function Avatar({
  name,
  id,
  url,
  presence,
}: {
  name: string;
  id: string;
  url?: string | null;
  presence?: "online" | "away" | "offline" | undefined;
}) {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  const letters = name
    .split(/\s+/)
    .map((word) => Array.from(word)[0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();
  return (
    <span class="avatar" style={{ "--of": `var(--series-${(hash % 8) + 1})` }} aria-hidden="true">
      {url ? <img src={url} alt="" loading="lazy" width="32" height="32" /> : letters}
      {presence !== undefined && presence !== "offline" && <span class={`avatar-dot ${presence}`} />}
    </span>
  );
}
