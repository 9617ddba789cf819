import { parse, serialize } from "hono/utils/cookie";
import { toBase64Url } from "../../contract/base64.ts";
import { deviceWords } from "../../contract/device-words.ts";
import { keyRing } from "../../contract/key-ring.ts";
import type { EdgeEnv } from "../env.ts";
import { clientAddress } from "../http/client-address.ts";
import { COOKIE_ATTRIBUTES, hostCookie } from "./auth-cookie.ts";

/** Of a browser that people signed in with: who they were, so that a sign-in with another one is told apart. It lets nobody in. */
const DEVICE_COOKIE = {
  name: "meridian.device",
  /** As long as browsers keep one. */
  maxAgeS: 400 * 86_400,
  /** People of one browser; the one who came first is forgotten. */
  people: 5,
  markBytes: 15,
} as const;

/** Where a sign-in came from, in the words that are kept of it. */
export interface Origin {
  /** `Firefox on Windows`, as far as the program says; null when it says nothing. */
  readonly device: string | null;
  /** The address without its last part: enough to know one's own network by, too little to name a line. Null when nobody vouches for it. */
  readonly network: string | null;
}

export function originOf(request: Request): Origin {
  return { device: deviceWords(request.headers.get("user-agent")), network: networkOf(clientAddress(request)) };
}

/** `203.0.113.0/24` or `2001:db8:1::/48`. */
function networkOf(address: string): string | null {
  const v4 = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(address);
  if (v4) return `${v4[1]}.0/24`;
  const v6 = /^([0-9a-f]{1,4}):([0-9a-f]{1,4}):([0-9a-f]{1,4}):[0-9a-f]{1,4}$/.exec(address); // the /64 that limits count by
  return v6 ? `${v6[1]}:${v6[2]}:${v6[3]}::/48` : null;
}

/** Whether this browser signed this person in before, and the `Set-Cookie` line by which it will be known. */
export async function recogniseDevice(request: Request, env: EdgeEnv, userId: string): Promise<{ known: boolean; cookie: string }> {
  const { name, secure } = hostCookie(env, DEVICE_COOKIE.name);
  const marks = (parse(request.headers.get("cookie") ?? "", name)[name] ?? "").split("~").slice(0, DEVICE_COOKIE.people);
  const ring = keyRing(env);
  const own = await Promise.all(ring.ids.map(async (ringId) => await markOf(env, ringId, userId)));
  const known = marks.some((mark) => own.includes(mark));
  const others = marks.filter((mark) => mark !== "" && !own.includes(mark));
  const value = [own[0], ...others].slice(0, DEVICE_COOKIE.people).join("~");
  return { known, cookie: serialize(name, value, { ...COOKIE_ATTRIBUTES, secure, maxAge: DEVICE_COOKIE.maxAgeS }) };
}

/** Nobody can make one for another person or read a person out of it. */
async function markOf(env: EdgeEnv, ringId: string, userId: string): Promise<string> {
  const mac = await keyRing(env).mac("device", ringId, userId);
  return `${ringId}.${toBase64Url(mac.slice(0, DEVICE_COOKIE.markBytes))}`;
}
