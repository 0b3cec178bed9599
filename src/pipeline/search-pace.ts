import type { Track } from '../core/face.js';
import { Motion } from '../tracking/motion.js';

/**
 * How often a camera is searched. `active`: as often as possible, because something moves or a face is new or moving;
 * `still`: twice a second, because faces are in view but nothing moves; `idle`: every three seconds, in case that a
 * movement was too faint to be noticed.
 */
export type SearchState = 'active' | 'still' | 'idle';

const intervalMs = { active: 0, still: 500, idle: 3000 } as const satisfies Record<SearchState, number>;
/** A camera remains active for this long after the last movement: whoever stopped has just turned to something. */
const holdMs = 2000;
/** A face this new may not have a name. */
const newFaceMs = 3000;
/** A face that is faster than this moves, in face sizes a second. */
const movingSpeed = 0.3;

/** Decides which frames of a camera are worth a search. Times are those of the frames, in milliseconds. */
export class SearchPace {
  readonly #motion = new Motion();
  #activeUntil = -Infinity;
  #hasFaces = false;
  #searchedAt = -Infinity;

  /** Notes what a frame shows. @param grid from `lumaGrid` */
  see(grid: Float32Array, time: number): void {
    if (this.#motion.isMoving(grid, time)) this.#activeUntil = time + holdMs;
  }

  state(time: number): SearchState {
    if (time < this.#activeUntil) return 'active';
    return this.#hasFaces ? 'still' : 'idle';
  }

  /** Whether a frame of this time should be searched. */
  isDue(time: number): boolean {
    return time - this.#searchedAt >= intervalMs[this.state(time)];
  }

  /** Notes that the frame of this time is being searched. */
  searching(time: number): void {
    this.#searchedAt = time;
  }

  /** Notes the tracks after a search. */
  found(tracks: readonly Track[], time: number): void {
    this.#hasFaces = tracks.length > 0;
    // Until the next search, so that a track which was lost for a moment is looked for at once.
    if (tracks.some((track) => isRestless(track, time))) {
      this.#activeUntil = Math.max(this.#activeUntil, time + intervalMs.still);
    }
  }
}

/** Whether a face moves, is new, or is hidden: its track may be of another face when it is found again. */
function isRestless({ state, box, velocity, firstSeenAt }: Track, time: number): boolean {
  const speed = Math.hypot(velocity.x, velocity.y) / Math.sqrt(box.width * box.height);
  return state !== 'confirmed' || time - firstSeenAt < newFaceMs || speed > movingSpeed;
}
