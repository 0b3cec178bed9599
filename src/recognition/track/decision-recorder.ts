import type { Identity, UnknownRef } from '../../core/face.js';
import type { TrackSighting, UnknownPeople } from '../unknown/unknown-people.js';
import type { Observation } from './observations.js';
import type { TrackDecision, TrackRegistry } from './track-registry.js';

export interface DecisionRecorderOptions {
  readonly cameraId: string;
  readonly tracks: Pick<TrackRegistry, 'state' | 'decided' | 'confirmed'>;
  /** Tells unknown people apart and keeps who was seen. */
  readonly people: Pick<UnknownPeople, 'identify' | 'recognized'>;
  /** Told when people could not be kept. */
  readonly onError: (error: unknown) => void;
}

/** A decision with the observations that it rests on, best first; at least one. */
export interface RecognizedTrack extends TrackDecision {
  readonly observations: readonly Observation[];
}

/** Writes what recognition decides into the states of the tracks, and has kept who was seen. */
export class DecisionRecorder {
  readonly #options: DecisionRecorderOptions;
  readonly #keeping = new Set<Promise<void>>();

  constructor(options: DecisionRecorderOptions) {
    this.#options = options;
  }

  /**
   * Records a decision. Which unknown person it is gets asked at once: the embeddings mean something to the model in
   * use now, which may change.
   */
  decided(decision: RecognizedTrack): void {
    const { tracks } = this.#options;
    const { identity, track } = decision;
    const state = tracks.state(track.id);
    if (!state) return;
    const sighting = this.#sighting(state.key, decision);
    tracks.decided(decision, identity.state === 'unknown' ? this.#identify(sighting) : undefined);
    if (identity.state === 'known') this.#keep(sighting, identity.person.id);
  }

  /** Records newer evidence for the decision that stands. */
  confirmed(trackId: number, identity: Identity): void {
    this.#options.tracks.confirmed(trackId, identity);
  }

  /** Resolves when every known person who was seen is kept. */
  async close(): Promise<void> {
    await Promise.all(this.#keeping);
  }

  async #identify(sighting: TrackSighting): Promise<UnknownRef | undefined> {
    try {
      return await this.#options.people.identify(sighting);
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }

  #keep(sighting: TrackSighting, personId: string): void {
    const { people, onError } = this.#options;
    const keeping = people
      .recognized(sighting, personId)
      .catch(onError)
      .finally(() => this.#keeping.delete(keeping));
    this.#keeping.add(keeping);
  }

  #sighting(key: string, { frame, observations }: RecognizedTrack): TrackSighting {
    const faces = observations.map(({ quality, vector, crop }) => ({ quality, vector, crop }));
    return { key, cameraId: this.#options.cameraId, seenAt: frame.capturedAt, faces };
  }
}
