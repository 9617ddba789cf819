/**
 * Which lines show alone after a click on a name: a plain click isolates it, or shows all again when it was alone;
 * with Ctrl or Cmd it joins or leaves. Empty means all.
 */
export function isolate(isolated: readonly string[], name: string, add: boolean): string[] {
  if (!add) return isolated.length === 1 && isolated[0] === name ? [] : [name];
  return isolated.includes(name) ? isolated.filter((one) => one !== name) : [...isolated, name];
}
