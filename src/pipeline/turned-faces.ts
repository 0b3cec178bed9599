import type { Frame } from '../core/image.js';
import { shrinkYuv } from '../core/shrink-yuv.js';
import { turnYuv, type Rotation } from '../core/turn-yuv.js';
import type { FaceDetector } from '../detection/face-detector.js';

const rotations = [0, 90, 180, 270] as const satisfies readonly Rotation[];
/** Faces that matter for this are large; a smaller picture is searched in a few tens of ms. */
const longestSide = 640;
/** What is found by mistake, in foliage for example, seldom scores as high. */
const leastScore = 0.9;
/** Detectors find faces that are upside down, too, but are less sure of them: what they lack is several times as much. */
const leastGain = 3;
/** Frames with a face that must agree, and after how many the matter is settled. */
const votes = { needed: 3, share: 0.8, settled: 12 };
const lookEveryMs = 10_000;

/** Finds out whether a camera is mounted sideways or upside down, from the first faces that it shows. */
export class TurnedFaces {
  readonly #votes = new Map<Rotation, number>();
  #count = 0;
  readonly #everyMs: number;
  #lookedAt = -Infinity;

  /** @param everyMs the least time between two frames that are searched */
  constructor(everyMs = lookEveryMs) {
    this.#everyMs = everyMs;
  }

  /** How the picture must be turned, in degrees clockwise, for its faces to be upright; undefined when they are, or while that is not known. */
  get rotation(): Rotation | undefined {
    const [best] = [...this.#votes].sort(([, a], [, b]) => b - a);
    if (best === undefined || best[0] === 0) return undefined;
    return best[1] >= votes.needed && best[1] >= votes.share * this.#count ? best[0] : undefined;
  }

  /** Searches a frame in all positions, if that was not done lately. */
  async look(frame: Frame, detector: Pick<FaceDetector, 'detect'>): Promise<void> {
    const { width, height, capturedMonotonic } = frame;
    if (this.#count >= votes.settled || capturedMonotonic - this.#lookedAt < this.#everyMs) return;
    this.#lookedAt = capturedMonotonic;
    const scale = Math.min(1, longestSide / Math.max(width, height));
    const small = shrinkYuv(frame, { width: Math.round(width * scale), height: Math.round(height * scale) });
    const scores: number[] = [];
    for (const rotation of rotations) {
      const [best] = await detector.detect(turnYuv(small, rotation));
      scores.push(best?.score ?? 0);
    }
    this.#vote(scores);
  }

  #vote(scores: readonly number[]): void {
    const [upright = 0] = scores;
    const best = Math.max(...scores);
    if (best < leastScore) return;
    const isTurned = 1 - upright > leastGain * (1 - best) + Number.EPSILON;
    const rotation = isTurned ? (rotations[scores.indexOf(best)] ?? 0) : 0;
    this.#votes.set(rotation, (this.#votes.get(rotation) ?? 0) + 1);
    this.#count += 1;
  }
}
