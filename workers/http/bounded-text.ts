/** The body as UTF-8 text; undefined when it has more bytes than allowed, of which no more than one chunk is ever held. */
export async function boundedText(answer: Response, maxBytes: number): Promise<string | undefined> {
  if (answer.body === null) return "";
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    received += value.byteLength;
    if (received > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
