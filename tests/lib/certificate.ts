import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/**
 * A certificate for these DNS names that vouches for itself, good for a day: X.509 version 3 (RFC 5280) in DER, signed with ECDSA
 * over P-256. Written out here, so that tests of TLS need neither a program of the machine nor a package.
 */
export function makeCertificate(...dnsNames: readonly string[]): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid(1, 2, 840, 10045, 4, 3, 2)); // ecdsa-with-SHA256
  const name = sequence(tlv(0x31, sequence(oid(2, 5, 4, 3), tlv(0x0c, Buffer.from("Meridian test")))));
  const instant = (ms: number): Buffer => {
    const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\..*/g, "");
    return tlv(0x17, Buffer.from(`${digits.slice(2)}Z`));
  };
  const now = Date.now();
  const names = sequence(...dnsNames.map((dnsName) => tlv(0x82, Buffer.from(dnsName))));
  const extensions = sequence(
    sequence(oid(2, 5, 29, 19), tlv(0x01, Buffer.from([0xff])), tlv(0x04, sequence(tlv(0x01, Buffer.from([0xff]))))), // a CA, so that it may vouch for itself
    sequence(oid(2, 5, 29, 17), tlv(0x04, names)),
  );
  const toSign = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(randomBytes(15)),
    algorithm,
    name,
    sequence(instant(now - 3_600_000), instant(now + 86_400_000)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, extensions),
  );
  const signature = sign("sha256", toSign, privateKey);
  const der = sequence(toSign, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString("base64").replaceAll(/.{64}/g, "$&\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string, // PEM is text
  };
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

/** Positive whatever its first bit. */
function integer(bytes: Buffer): Buffer {
  return tlv(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 127];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 127) | 128);
    return groups;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}
