import { isClear, type FaceQuality } from '../../core/face-quality.js';
import type { PoorView, Track } from '../../core/face.js';
import type { FrameRef } from '../../core/track-state.js';

/** A look at a track's face, whether or not it served recognition. */
export interface Look {
  /** The track as it was in the frame. */
  readonly track: Track;
  readonly frame: FrameRef;
  /** 0 to 1. */
  readonly quality: number;
  /** What the quality is so low for, or would be. */
  readonly weakest: keyof FaceQuality;
}

/** Looks without a decision after which a track in view counts as seen poorly: twice as many as make an unknown person. */
const patientLooks = 10;

/** Counts the looks at one track that were too poor to call somebody a stranger by, and what was wrong with them. */
export class PoorLooks {
  readonly #reasons = new Map<keyof FaceQuality, number>();
  #clear = 0;
  #poor = 0;
  #best = 0;

  add({ quality, weakest }: Pick<Look, 'quality' | 'weakest'>): void {
    this.#best = Math.max(this.#best, quality);
    if (isClear(quality)) return void this.#clear++;
    this.#poor++;
    this.#reasons.set(weakest, (this.#reasons.get(weakest) ?? 0) + 1);
  }

  /**
   * Why a track without a decision has none, when that is because most looks at it were poor.
   * @param isLast whether no look will follow
   */
  view(isLast: boolean): PoorView | undefined {
    const isEnough = isLast || this.#clear + this.#poor >= patientLooks;
    const [most] = [...this.#reasons].sort(([, a], [, b]) => b - a);
    if (!most || !isEnough || this.#poor <= this.#clear) return undefined;
    return { reason: most[0], quality: this.#best };
  }
}
