import type { Frame } from '../core/image.js';
import { FrameHistory } from './frame-history.js';

/** The two streams of a camera differ by a few hundred ms; beyond this a face has moved on. */
const historyReachMs = 500;
/** Frames of the large stream that are kept, so that results of the small one can be matched to them. */
export const historyFrames = 4;
/** A result older than this, compared with the newest one, waits no longer: decoding does not get there. */
const maxWaitMs = 10_000;

/** Takes the large frame of a moment; undefined when there is none. It is valid during the call only. */
export type UseFrame = (frame: Frame | undefined) => void;

interface Waiting {
  readonly time: number;
  readonly use: UseFrame;
}

/**
 * The large frames of a camera that is searched in a small stream. They are decoded only while faces are followed, so a
 * result of a search may have to wait for its large frame, which then comes from before it was asked for. A large frame
 * that shows the same moment comes no later than the first one that was taken afterwards.
 */
export class LargeFrames {
  readonly #want: (since: number | undefined) => void;
  readonly #history = new FrameHistory(historyFrames, historyReachMs);
  /** Oldest first. */
  readonly #waiting: Waiting[] = [];
  #newest = -Infinity;
  #isFollowing = false;
  #isWanted = false;

  /** @param want told when frames are wanted, from a moment on, and when they no longer are */
  constructor(want: (since: number | undefined) => void) {
    this.#want = want;
  }

  /** Whether faces are followed, or will be as soon as the frames that show them are there. */
  get areNeeded(): boolean {
    return this.#isFollowing || this.#waiting.length > 0;
  }

  /** A large frame came. It is retained for as long as it is needed. */
  push(frame: Frame): void {
    this.#history.push(frame);
    this.#newest = frame.capturedMonotonic;
    this.#match();
  }

  /** Calls `use` with the frame taken nearest to a moment when it is there. Calls come in order. */
  at(time: number, use: UseFrame): void {
    this.#waiting.push({ time, use });
    while ((this.#waiting[0]?.time ?? time) < time - maxWaitMs) this.#waiting.shift()?.use(undefined);
    this.#tell();
    this.#match();
    this.#tell();
  }

  /** Calls `then` when all that waits for large frames has got them: at once when nothing does. */
  afterWaiting(then: () => void): void {
    const last = this.#waiting.at(-1);
    if (last === undefined) then();
    else this.#waiting.push({ time: last.time, use: then });
  }

  /** @param isFollowing whether there are tracks */
  follow(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    this.#tell();
  }

  /** Forgets what waits for frames: the tracks have ended. */
  reset(): void {
    this.#isFollowing = false;
    for (const { use } of this.#waiting.splice(0)) use(undefined);
    this.#tell();
  }

  /** Releases every frame. */
  clear(): void {
    this.reset();
    this.#history.clear();
  }

  #match(): void {
    for (let first = this.#waiting[0]; first && first.time <= this.#newest; first = this.#waiting[0]) {
      this.#waiting.shift();
      first.use(this.#history.nearest(first.time));
    }
  }

  #tell(): void {
    if (this.areNeeded === this.#isWanted) return;
    this.#isWanted = this.areNeeded;
    this.#want(this.#isWanted ? (this.#waiting[0]?.time ?? this.#newest) : undefined);
  }
}
