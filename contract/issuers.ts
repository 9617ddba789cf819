import * as z from "zod";
import { grantsSchema, issuerNameSchema } from "./subjects.ts";
import { isOutboundUrl, SUBJECT_LIMITS } from "./subject-id.ts";

/** Algorithms of brought tokens. Never HS*: whoever verifies could forge. Never none. */
export const TOKEN_ALGORITHMS = ["ES256", "EdDSA", "RS256"] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

const text = (chars: number) => z.string().min(1).max(chars);
/** A claim's name, or an RFC 6901 pointer to one inside another. */
const claim = text(200);

/** A public key as JOSE writes it. What we do not know is kept out; private parts are refused. */
export const publicJwkSchema = z
  .object({
    kty: z.enum(["EC", "OKP", "RSA"]),
    kid: text(200).optional(),
    alg: text(20).optional(),
    use: text(20).optional(),
    crv: text(20).optional(),
    x: text(200).optional(),
    y: text(200).optional(),
    n: text(2_000).optional(),
    e: text(20).optional(),
    /** Only in private keys. Written so that the API's description can say it: that has no word for what must be absent. */
    d: z
      .unknown()
      .refine((part) => part === undefined, "this is a private key: paste the public one, and replace this key")
      .optional(),
  })
  .strip();
export type PublicJwk = z.infer<typeof publicJwkSchema>;
export const jwksSchema = z.object({ keys: z.array(publicJwkSchema).max(SUBJECT_LIMITS.jwksKeys) });
export type Jwks = z.infer<typeof jwksSchema>;

/** `PUT /v1/issuers/{name}`. A name stays with its `iss` for ever, so that nobody inherits another's subjects. */
export const issuerPutSchema = z
  .strictObject({
    /** Exactly the tokens' `iss`. */
    iss: text(SUBJECT_LIMITS.urlChars),
    /** One of these must be exactly the tokens' `aud`, or among them. */
    audiences: z.array(text(SUBJECT_LIMITS.urlChars)).min(1).max(5),
    jwksUrl: text(SUBJECT_LIMITS.urlChars).refine(isOutboundUrl, "must be an https address without a name or password in it").optional(),
    jwks: jwksSchema.optional(),
    algorithms: z
      .array(z.enum(TOKEN_ALGORITHMS))
      .min(1)
      .default([...TOKEN_ALGORITHMS]),
    mapping: z
      .strictObject({
        name: claim.optional(),
        avatarUrl: claim.optional(),
        /** What everybody of this issuer gets. */
        grants: grantsSchema.default([]),
        /** More for those whose claim is, or holds, the value. */
        rules: z
          .array(z.strictObject({ claim, value: z.union([text(200), z.number(), z.boolean()]), grants: grantsSchema }))
          .max(20)
          .default([]),
      })
      .default({ grants: [], rules: [] }),
  })
  .refine((issuer) => (issuer.jwksUrl === undefined) !== (issuer.jwks === undefined), {
    message: "give either jwksUrl or jwks",
    path: ["jwksUrl"],
  });
export type IssuerPut = z.infer<typeof issuerPutSchema>;

export const issuerSchema = z.object({
  name: issuerNameSchema,
  iss: z.string(),
  audiences: z.array(z.string()),
  jwksUrl: z.string().nullable(),
  jwks: jwksSchema.nullable(),
  algorithms: z.array(z.enum(TOKEN_ALGORITHMS)),
  mapping: z.object({
    name: z.string().nullable(),
    avatarUrl: z.string().nullable(),
    grants: grantsSchema,
    rules: z.array(z.object({ claim: z.string(), value: z.union([z.string(), z.number(), z.boolean()]), grants: grantsSchema })),
  }),
  createdAt: z.iso.datetime(),
  changedAt: z.iso.datetime(),
});
export type Issuer = z.infer<typeof issuerSchema>;
