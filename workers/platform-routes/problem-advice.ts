import type { ProblemSlug } from "../../contract/problems.ts";

/** For each problem type: when it comes, and the way out. */
export const PROBLEM_ADVICE: Readonly<Record<ProblemSlug, string>> = {
  "bad-request": "The request breaks HTTP's or JSON's own rules, so nothing of it was used. Send it again, well formed.",
  "invalid-body": "The body is JSON, but not of the shape this route takes. Each entry of errors points at one field.",
  "invalid-parameter":
    "A path parameter, query parameter or header has a value that is not allowed. errors names them: {name} is in the path, ?name in the query.",
  "invalid-encoding": "The body could not be decompressed, or is not UTF-8. Check Content-Encoding, and that nothing cut it short.",
  unauthenticated:
    "There is no credential, or it is unknown, expired or revoked. The answer does not say which; the tenant's audit log does.",
  "wrong-credentials": "Email and password do not belong together. After several attempts signing in is slowed down.",
  "wrong-code":
    "The code of the second factor is wrong or was used already, or the passkey is not known here. Wait for the next code, or sign in another way.",
  forbidden: "The credential is good, but lacks the scope or role for this action. /docs names each route's action.",
  "https-required": "Credentials must not travel in the open: plain http is served to this machine only.",
  "origin-not-allowed":
    "A browser session may change things only from the console's own pages. Programs use an API key, which needs no Origin.",
  "not-found": "Nothing has this address, or it belongs to another tenant, which looks the same from outside.",
  "method-not-allowed": "The path exists, but not with this method. The Allow header lists those that do.",
  "not-acceptable": "The Accept header excludes the only form this route answers in.",
  "request-timeout": "The body was still on its way when its time was over. Send smaller bodies, or compress them.",
  conflict: "The thing is in a state that does not allow this. Read it anew before you decide.",
  "in-progress": "A request with the same Idempotency-Key is being worked on. Ask again in a moment: the answer will be replayed.",
  "secret-already-shown":
    "The request succeeded before, and its secret was shown then. Secrets are not kept: revoke it and create another.",
  gone: "This existed and was removed for good.",
  "precondition-failed":
    "The ETag in If-Match is not the current one: someone else changed it. Read it, apply your change again, send the new ETag.",
  "payload-too-large": "The body exceeds the limit, as sent or after decompression. Split it into several requests.",
  "unsupported-media-type": "The Content-Type or Content-Encoding is none that this route takes. The detail lists those it takes.",
  "idempotency-mismatch": "This Idempotency-Key was used with another request in the last 24 hours. Use a fresh key for each request.",
  "upgrade-required": "This address is a WebSocket: open it with a WebSocket client.",
  "invalid-id": "Ids of boards are 1-64 of a-z, 0-9 and -; ids of players 1-128 bytes without control characters, and not . or ..",
  "limit-too-high": "Ask for fewer rows or ids at once, and page on by cursor.",
  "score-out-of-range":
    "The score is not finite, or with the board's decimals, or added to what was there, larger than can be kept exactly. Nothing was written.",
  "score-implausible":
    "A rule of the board refuses the score; reasons names which and why. It is kept under submissionId and counts nowhere.",
  "too-many-windows": "One score enters each window once and once more for each key of partitions: leave some out.",
  "run-used": "Each run gives one score. Start a new one.",
  "run-expired": "The run was started too long ago, or is not known. Start a new one.",
  "window-closed": "The time of the score lies in a window that has closed. History is loaded by an import.",
  "board-fixed":
    "Order, operator, decimals, subscore, ranking, windows, time zone and partitions cannot change once a score is in. Make another board.",
  "submission-archived":
    "The submission has left the board's log for the archive, so it cannot be removed any more. Suspend or ban the player instead.",
  "quota-reached": "The tenant has as many of these as it may have. Remove some, or change the plan.",
  "player-suspended": "A reviewer has suspended this player. Scores count again when the suspension ends or is lifted.",
  "not-your-player": "A token of an end user submits and reads as its own subject only. Leave the other player's id out.",
  "socket-limit": "As many sockets as fit are connected. Poll instead, or try again after Retry-After.",
  "board-busy": "More calls to this board are in flight than may be. Try again after Retry-After, or send scores in batches.",
  "invalid-name":
    "Names of topics are 1-100 letters, digits and . _ : - with / between parts; names of players and titles of boards have no control characters. Choose another name.",
  "receipt-ahead": "The receipt names an offset that the room has not reached. Read the newest offset, then send the receipt again.",
  "unsupported-media":
    "The file's first bytes are none of an accepted type, whatever its name or Content-Type say. The detail lists what is accepted.",
  "room-full": "The room has 10,000 members. Somebody has to leave before somebody comes.",
  "message-deleted": "Of a deleted message only its place is left; it cannot be edited or answered with a reaction. Leave it.",
  muted: "A moderator has muted this person here. The detail says until when; reading still works.",
  "too-many-subscriptions": "A socket follows 200 channels. Leave one before you follow another, or open a second socket.",
  overloaded: "10,000 sockets are open here. Try again in a few seconds; reading by HTTP works meanwhile.",
  "rate-limited": "Too many requests in a short time. Wait as long as Retry-After says.",
  "limit-reached": "The tenant's plan does not allow more of these. Remove some, or change the plan.",
  internal: "The fault is ours. Trying again may help; the requestId helps us find the cause.",
  unavailable:
    "A part that answers this is overloaded or restarting. Try again after Retry-After; with an Idempotency-Key a change is made once.",
};
