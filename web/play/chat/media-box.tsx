import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Message } from "../../../contract/rooms.ts";
import { addressOf } from "./media.ts";
import type { OpenRoom } from "./use-room.ts";

/** CSS pixels that a picture takes at most; its box is there before anything of it is. */
const BOX_PX = 320;

/** A file in a conversation: a small picture that opens the whole, or a link. */
export function MediaBox({ opened, mediaId, media }: { opened: OpenRoom; mediaId: string; media: Message["media"] }) {
  const { client, api } = opened;
  const small = useSignal<string | undefined>(undefined);
  const isImage = media?.type.startsWith("image/") ?? false;
  useEffect(() => {
    if (!isImage) return undefined;
    let gone = false;
    addressOf(api, client.room, mediaId, true).then(
      (url) => {
        if (!gone) small.value = url;
      },
      () => undefined, // the box stays, and the link asks again
    );
    return () => {
      gone = true;
    };
  }, [mediaId, isImage]);
  const open = async () => {
    const address = await addressOf(api, client.room, mediaId, false);
    window.open(address, "_blank", "noopener");
  };
  if (!isImage) {
    return (
      <button type="button" class="file-link" onClick={() => void open()}>
        {media ? `${media.type}, ${Math.ceil(media.bytes / 1_024)} KiB` : "A file"}
      </button>
    );
  }
  const width = media?.width ?? BOX_PX;
  const height = media?.height ?? BOX_PX;
  const scale = Math.min(1, BOX_PX / Math.max(width, height));
  return (
    <button
      type="button"
      class="picture"
      style={{ width: `${Math.round(width * scale)}px`, aspectRatio: `${width} / ${height}` }}
      onClick={() => void open()}
    >
      {small.value !== undefined && <img src={small.value} alt="A picture; opens whole" loading="lazy" />}
    </button>
  );
}
