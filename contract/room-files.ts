// Where the archive keeps what belongs to a room. A room that goes takes everything below its prefix along.

/** Everything of one room. */
export function roomPrefix(tenantId: string, room: string): string {
  return `rooms/${tenantId}/${room}/`;
}

/** A file that somebody sent. @param mediaId as `POST …/media` made it */
export function mediaKey(tenantId: string, room: string, mediaId: string): string {
  return `${roomPrefix(tenantId, room)}media/${mediaId}`;
}

/** Its small picture, when there is one. */
export function thumbnailKey(tenantId: string, room: string, mediaId: string): string {
  return `${roomPrefix(tenantId, room)}thumbnails/${mediaId}`;
}
