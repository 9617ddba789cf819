/** What stands for everybody whose address nobody vouches for. */
export const UNKNOWN_ADDRESS = "unknown";

/**
 * The client's address as the platform states it. On a single node the door in front removes what callers send under this
 * name and puts in what its TLS proxy says; without such a proxy everybody shares one bucket. IPv6 counts by /64, which is
 * what one customer gets.
 */
export function clientAddress(request: Request): string {
  const address = request.headers.get("cf-connecting-ip")?.trim().toLowerCase() ?? "";
  if (!address.includes(":")) return address === "" ? UNKNOWN_ADDRESS : address;
  if (address.includes(".")) return address.slice(address.lastIndexOf(":") + 1); // an IPv4 address written as IPv6
  const [head, tail] = address.split("::", 2).map((part) => (part === "" ? [] : part.split(":")));
  const groups = head ?? [];
  // `::` stands for as many zeros as are missing, and what comes after it may begin within the /64.
  const filled =
    tail === undefined ? groups : [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - tail.length) }, () => "0"), ...tail];
  return filled
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
