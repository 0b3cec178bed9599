/** Longer than any line that ffmpeg writes about its progress. */
const maxLineCharacters = 1000;

/** Reads what ffmpeg writes with `-progress`: lines `name=value`, in pieces of any size. */
export class ProgressReader {
  readonly #onDecoded: (frames: number) => void;
  #rest = '';

  /** @param onDecoded called with the number of pictures that ffmpeg has decoded since it started */
  constructor(onDecoded: (frames: number) => void) {
    this.#onDecoded = onDecoded;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-maxLineCharacters);
    for (const line of lines) {
      const frames = /^frame=\s*(\d+)\s*$/.exec(line)?.[1];
      if (frames !== undefined) this.#onDecoded(Number(frames));
    }
  }
}
