/** Bytes of a value from outside that a message repeats. */
export const mostShownBytes = 200;

/** The longest beginning of a text that fits into a number of UTF-8 bytes, in whole characters. */
export function cutBytes(text: string, maxBytes: number): string {
  // No character takes less than a byte, so what comes after cannot fit.
  const bytes = new TextEncoder().encode(text.slice(0, maxBytes));
  return new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true });
}

/** A text from outside as a message may repeat it: at most `maxBytes` of it, and `…` where something is left out. */
export function excerpt(text: string, maxBytes = mostShownBytes): string {
  const cut = cutBytes(text, maxBytes);
  return cut.length < text.length ? `${cut}…` : cut;
}

/** Like `excerpt`, but in quotes and with unprintable characters escaped. */
export function quote(text: string): string {
  return excerpt(JSON.stringify(text.slice(0, mostShownBytes + 1)));
}
