import { isClear } from '../../core/face-quality.js';
import type { Identity, UnknownRef } from '../../core/face.js';
import type { TrackCrops, UnknownPeople } from '../unknown/unknown-people.js';
import type { Observation } from './observations.js';
import type { TrackDecision, TrackRegistry } from './track-registry.js';

export interface DecisionRecorderOptions {
  readonly cameraId: string;
  readonly tracks: Pick<TrackRegistry, 'state' | 'decided' | 'confirmed' | 'holdEnd'>;
  /** Tells unknown people apart and stores the crops of all others. */
  readonly people: Pick<UnknownPeople, 'identify' | 'recognized' | 'unclear'>;
  /** Called when the store failed. */
  readonly onError: (error: unknown) => void;
}

/** A decision with the observations it is based on, best first; at least one when it says who it is. */
export interface RecognizedTrack extends TrackDecision {
  readonly observations: readonly Observation[];
}

/** Records decisions in the track states, and in the store which people were seen. */
export class DecisionRecorder {
  readonly #options: DecisionRecorderOptions;
  readonly #keeping = new Set<Promise<void>>();

  constructor(options: DecisionRecorderOptions) {
    this.#options = options;
  }

  /**
   * Records a decision. Looks up the unknown person at once: the embeddings belong to the model in use now, and the model
   * may change.
   */
  decided(decision: RecognizedTrack): void {
    const { tracks } = this.#options;
    const { identity, track, kind } = decision;
    // Who was seen is known and stored since the decision that is in doubt, or stands again.
    if (kind === 'held' || kind === 'confirmed') return tracks.decided(decision);
    const state = tracks.state(track.id);
    if (!state) return;
    const crops = this.#cropsOf(state.key, decision);
    tracks.decided(decision, identity.state === 'unknown' ? this.#identify(clearOf(crops)) : undefined);
    if (identity.state === 'known') this.#keep(this.#options.people.recognized(crops, identity.person.id));
    if (kind === 'unclear' && crops.faces.length > 0) this.#keep(this.#options.people.unclear(crops));
  }

  /** Records newer evidence for the decision that stands. */
  confirmed(trackId: number, identity: Identity): void {
    this.#options.tracks.confirmed(trackId, identity);
  }

  /** Has a track that is about to end wait for a last decision. @param concluded never rejects */
  holdEnd(trackId: number, concluded: Promise<void>): void {
    this.#options.tracks.holdEnd(trackId, concluded);
  }

  /** Resolves when everything about known people and poor views is stored. */
  async close(): Promise<void> {
    await Promise.all(this.#keeping);
  }

  async #identify(crops: TrackCrops): Promise<UnknownRef | undefined> {
    try {
      return await this.#options.people.identify(crops);
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }

  #keep(kept: Promise<void>): void {
    const keeping = kept.catch(this.#options.onError).finally(() => this.#keeping.delete(keeping));
    this.#keeping.add(keeping);
  }

  #cropsOf(key: string, { frame, observations }: RecognizedTrack): TrackCrops {
    const faces = observations.map(({ quality, vector, crop }) => ({ quality, vector, crop }));
    return { key, cameraId: this.#options.cameraId, seenAt: frame.capturedAt, faces };
  }
}

/** The crops by which unknown people are told apart: in poor ones different people look alike. */
function clearOf(crops: TrackCrops): TrackCrops {
  return { ...crops, faces: crops.faces.filter(({ quality }) => isClear(quality)) };
}
