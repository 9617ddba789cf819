import type { z } from "zod";
import type {
  Conversation,
  History,
  importLineSchema,
  Media,
  Member,
  MemberPut,
  MessageAck,
  messageInputSchema,
  Receipt,
  ReceiptPut,
  roomCreateSchema,
  RoomEntry,
  RoomImportReply,
  RoomPatch,
  RoomView,
  Trace,
} from "../../contract/rooms.ts";
import type { Page } from "../../contract/pages.ts";
import { listing, type PageQuery } from "../pages.ts";
import type { Call, CallOptions } from "../transport.ts";

export type RoomCreateInput = z.input<typeof roomCreateSchema>;
export type RoomImportLine = z.input<typeof importLineSchema>;
export type MessageDraft = z.input<typeof messageInputSchema>;
/** Where in the history: at most one of the four. */
export interface HistoryAsk {
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
  readonly cursor?: string;
  readonly limit?: number;
}

/** What the sender knows of a file. */
export interface MediaAbout {
  readonly width?: number;
  readonly height?: number;
  /** A small picture of it, 20 KiB at most. */
  readonly thumbnail?: Blob;
}

/** The small picture goes before the file, in one body. */
async function uploadMedia(
  call: Call,
  path: string,
  file: Blob,
  { thumbnail, ...size }: MediaAbout,
  options?: CallOptions,
): Promise<Media> {
  const body = thumbnail ? new Blob([thumbnail, file], { type: file.type }) : file;
  const query = { ...size, ...(thumbnail && { thumbnailBytes: thumbnail.size }) };
  return await call<Media>("POST", path, { file: body, query, options });
}

/** Rooms, their members and messages. A member is `issuer|sub`; a bare `sub` is one of a minted token. */
export function roomsApi(call: Call) {
  const at = (room: string, rest = "") => `/v1/rooms/${encodeURIComponent(room)}${rest}`;
  const message = (room: string, offset: number, rest = "") => at(room, `/messages/${offset}${rest}`);
  return {
    create: (input: RoomCreateInput = {}, options?: CallOptions) => call<RoomView>("POST", "/v1/rooms", { body: input, options }),
    /** Of an end user: their conversations, newest activity first. */
    list: (query?: PageQuery, options?: CallOptions): Promise<Page<Conversation>> => listing(call, "/v1/rooms", query, options),
    /** Of a service or an operator: every room, by name. */
    catalogue: (query?: PageQuery, options?: CallOptions): Promise<Page<RoomEntry>> => listing(call, "/v1/rooms", query, options),
    get: (room: string, options?: CallOptions) => call<RoomView>("GET", at(room), { options }),
    update: (room: string, change: RoomPatch, options?: CallOptions) => call<RoomView>("PATCH", at(room), { body: change, options }),
    remove: (room: string, options?: CallOptions) => call<void>("DELETE", at(room), { options }),
    members: (room: string, query?: PageQuery, options?: CallOptions): Promise<Page<Member>> =>
      listing(call, at(room, "/members"), query, options),
    putMember: (room: string, subject: string, change: MemberPut, options?: CallOptions) =>
      call<Member>("PUT", at(room, `/members/${encodeURIComponent(subject)}`), { body: change, options }),
    /** Oneself: leaves. Somebody else: removes. */
    removeMember: (room: string, subject: string, options?: CallOptions) =>
      call<void>("DELETE", at(room, `/members/${encodeURIComponent(subject)}`), { options }),
    /** Newest last; without a place the newest ones. */
    messages: (room: string, ask: HistoryAsk = {}, options?: CallOptions) =>
      call<History>("GET", at(room, "/messages"), { query: { ...ask }, options }),
    /** Durable when it answers. Known again by `clientId`, so that this repeats by itself. */
    send: (room: string, messages: readonly MessageDraft[], options?: CallOptions) =>
      call<{ items: MessageAck[] }>("POST", at(room, "/messages"), { body: { messages }, repeat: "safe", options }),
    edit: (room: string, offset: number, edit: { text: string; mentions?: string[] }, options?: CallOptions) =>
      call<{ offset: number }>("PATCH", message(room, offset), { body: edit, options }),
    erase: (room: string, offset: number, options?: CallOptions) => call<void>("DELETE", message(room, offset), { options }),
    react: (room: string, offset: number, emoji: string, on: boolean, options?: CallOptions) =>
      call<void>(on ? "PUT" : "DELETE", message(room, offset, `/reactions/${encodeURIComponent(emoji)}`), { options }),
    /** History from elsewhere: messages with their own times and senders. The same batch is taken once, so that this repeats by itself. */
    importMessages: (room: string, lines: readonly RoomImportLine[], batchId: string, options?: CallOptions) =>
      call<RoomImportReply>("POST", at(room, "/import"), { lines, gzip: true, query: { batchId }, repeat: "safe", options }),
    trace: (room: string, offset: number, options?: CallOptions) => call<Trace>("GET", message(room, offset, "/trace"), { options }),
    putReceipts: (room: string, receipt: ReceiptPut, options?: CallOptions) =>
      call<Receipt>("PUT", at(room, "/receipts"), { body: receipt, repeat: "safe", options }),
    /** Sends a file; a message with its `mediaId` shows it. */
    upload: (room: string, file: Blob, about: MediaAbout = {}, options?: CallOptions) =>
      uploadMedia(call, at(room, "/media"), file, about, options),
    /** The file's address, good for an hour. @param thumbnail the small picture, if there is one */
    media: (room: string, mediaId: string, thumbnail = false, options?: CallOptions) =>
      call<Media>("GET", at(room, `/media/${encodeURIComponent(mediaId)}`), {
        query: thumbnail ? { w: 320, as: "json" } : { as: "json" },
        options,
      }),
  };
}
export type RoomsApi = ReturnType<typeof roomsApi>;
