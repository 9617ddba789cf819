import type {
  Media,
  MessageAck,
  MessageEdit,
  MessageInput,
  History,
  HistoryQuery,
  Member,
  MemberPut,
  Receipt,
  ReceiptPut,
  RoomImportReply,
  RoomKind,
  RoomRole,
  RoomSettings,
  RoomView,
  Trace,
} from "../rooms.ts";
import type { Page } from "../pages.ts";
import type { Outcome } from "../problems.ts";
import type { CallMeta, ObjectRpc } from "./call.ts";

/** What a grant, a scope or a role gives in this room: second halves of `rooms:*`. Membership gives more, or a ban less. */
export type RoomAction = "read" | "write" | "create" | "manage";

/** Who acts in a room. */
export interface RoomCaller {
  readonly kind: "subject" | "service" | "operator" | "visitor";
  /** `issuer|sub`, `key:{id}`, `user:{id}` or `visitor`: what messages name as sender. */
  readonly id: string;
  /** `subjectRef` of a subject; empty of others. */
  readonly ref: string;
  readonly name: string;
  readonly avatarUrl: string | null;
  readonly granted: readonly RoomAction[];
  /** Whether the room is marked public: everybody may read it. */
  readonly isPublic: boolean;
}

/** What the catalogue says a room is. A version that is not newer changes nothing. */
export interface RoomDefinition {
  readonly room: string;
  readonly kind: RoomKind;
  readonly settings: RoomSettings;
  readonly version: number;
  readonly createdAt: number;
  /** Who is in it from the start; looked at once, when the room is made. */
  readonly members: readonly {
    readonly subject: string;
    readonly ref: string;
    readonly role: RoomRole;
    readonly name: string;
    readonly avatarUrl: string | null;
  }[];
}

/** What is stored of a file beside the file. */
export interface MediaRecord extends Omit<Media, "url"> {
  readonly sha256: string;
}

export interface RoomQuestions {
  readonly view: { readonly ask: Record<string, never>; readonly answer: RoomView };
  readonly members: { readonly ask: { readonly limit: number; readonly cursor?: string }; readonly answer: Page<Member> };
  readonly history: { readonly ask: HistoryQuery; readonly answer: History };
  readonly trace: { readonly ask: { readonly offset: number }; readonly answer: Trace };
  /** @returns the file's record, when whoever asks may see it */
  readonly media: { readonly ask: { readonly mediaId: string }; readonly answer: MediaRecord };
  /** What an inbox asks of a large room when it is listed: unread messages and the newest one. */
  readonly summary: { readonly ask: Record<string, never>; readonly answer: RoomSummary };
}
export type RoomQuestion = keyof RoomQuestions;

export interface RoomSummary {
  readonly offset: number;
  readonly unread: number;
  readonly mentions: number;
  readonly last: {
    readonly offset: number;
    readonly at: number;
    readonly sender: string;
    readonly senderName: string;
    readonly text: string;
  } | null;
}

/** `{tenantId}/room/{room}`: log, members, sockets. Until `configure` every call but that one answers 404 and writes nothing. */
export interface RoomRpc extends ObjectRpc {
  configure(definition: RoomDefinition, meta: CallMeta): Promise<Outcome<{ version: number }>>;
  /** Begins the removal of everything, media and archive too; goes on by itself, in slices. */
  remove(meta: CallMeta): Promise<Outcome<null>>;
  /** Stores in order; each is durable when this answers. One that was sent before has its first acknowledgement. */
  post(caller: RoomCaller, messages: readonly MessageInput[], meta: CallMeta): Promise<Outcome<{ items: MessageAck[] }>>;
  edit(caller: RoomCaller, offset: number, edit: MessageEdit, meta: CallMeta): Promise<Outcome<{ offset: number }>>;
  erase(caller: RoomCaller, offset: number, meta: CallMeta): Promise<Outcome<{ offset: number }>>;
  react(caller: RoomCaller, offset: number, emoji: string, on: boolean, meta: CallMeta): Promise<Outcome<{ offset: number }>>;
  putMember(caller: RoomCaller, member: { subject: string; ref: string }, change: MemberPut, meta: CallMeta): Promise<Outcome<Member>>;
  /** One's own: leaves. Another's: removes. */
  removeMember(caller: RoomCaller, subject: string, meta: CallMeta): Promise<Outcome<null>>;
  putReceipts(caller: RoomCaller, receipt: ReceiptPut): Promise<Outcome<Receipt>>;
  ask<Q extends RoomQuestion>(caller: RoomCaller, question: Q, ask: RoomQuestions[Q]["ask"]): Promise<Outcome<RoomQuestions[Q]["answer"]>>;
  /** @param lines NDJSON, not yet looked at */
  importMessages(caller: RoomCaller, lines: Uint8Array, batchId: string, meta: CallMeta): Promise<Outcome<RoomImportReply>>;
  /** Before a file is stored: whether this person may; after it: that it is there. */
  mayUpload(caller: RoomCaller): Promise<Outcome<null>>;
  noteMedia(caller: RoomCaller, media: MediaRecord, meta: CallMeta): Promise<Outcome<MediaRecord>>;
  /** A socket, with the admission header of `contract/rpc/hub.ts`; a refusal is a JSON body with a `Problem`. */
  fetch(request: Request): Promise<Response>;
  /** As hubs do. Answers how many were closed, and how many sockets are left. */
  closeCredentials(credentials: readonly string[], at?: number): Promise<{ closed: number; left: number }>;
  /** Ends one socket, for an operator. @returns whether there was such a one */
  kick(connectionId: string): Promise<boolean>;
}
