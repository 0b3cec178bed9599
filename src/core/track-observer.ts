import type { Track } from './face.js';
import type { Frame } from './image.js';

/** A frame as it is referred to once its pixels are gone. */
export type FrameRef = Pick<Frame, 'sequence' | 'width' | 'height' | 'capturedAt'>;

/**
 * Follows the tracks of one camera. Calls come in this order: `started` and `ended` for the tracks that a frame
 * confirmed or lost, then `observe` with the frame. They must return at once and copy what they need of the pixels.
 */
export interface TrackObserver {
  /** A face was seen often enough to be followed. */
  started(track: Track, frame: FrameRef): void;
  /** A frame was searched; `tracks` are all that are alive after it, tentative and lost ones included. */
  observe(frame: Frame, tracks: readonly Track[]): void;
  /** A track is gone, as it was last; `frame` is the newest one searched. Its id does not come again. */
  ended(track: Track, frame: FrameRef): void;
  /** Resolves when everything learnt so far is told and kept. No other call follows. */
  close(): Promise<void>;
}
