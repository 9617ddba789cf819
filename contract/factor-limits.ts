/** Bounds of operators' second factors and passkeys. Zod-free: the console shows some of them. */
export const FACTOR_LIMITS = {
  /** Digits of a one-time code, and characters of a backup code with its dash. */
  codeDigits: 6,
  backupCodeChars: 11,
  /** Seconds from the right password to the code. */
  secondStepTtlS: 600,
  /** Passkeys of one person. */
  passkeys: 20,
  /** Characters of a part of an authenticator's answer; a key with a certificate takes about 2,000. */
  credentialChars: 8_192,
  /** Characters of a passkey's name: one line in a list. */
  nameChars: 60,
} as const;
