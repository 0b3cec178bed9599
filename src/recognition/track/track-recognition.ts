import pLimit from 'p-limit';
import type { Identity, Neighbour } from '../../core/face.js';
import { fuse, withObservation, type Counted, type Observation } from './observations.js';
import type { NamingRules } from '../decision/decision.js';
import { TrackIdentity, type IdentityDecision } from './track-identity.js';

/** People listed in the evidence; more than two, for some may be ruled out. */
const neighbours = 5;

/** The gallery as a track needs it. */
export interface Matcher {
  /** The people nearest to an embedding, nearest first. */
  match(vector: Float32Array, count: number): Promise<Neighbour[]> | Neighbour[];
  /** Changes whenever `match` may answer differently. */
  readonly revision: number;
}

interface MatchedObservation extends Observation, Counted {
  readonly nearest: readonly Neighbour[];
}

/** What is known of one track's face: its best observations, what the gallery says of them, and who it is. */
export class TrackRecognition {
  readonly #identity: TrackIdentity;
  #observations: readonly MatchedObservation[] = [];
  #newest: MatchedObservation | undefined;
  #count = 0;
  readonly #inTurn = pLimit(1);

  /** @param identity what is thought of the track to begin with */
  constructor(identity?: Identity) {
    this.#identity = new TrackIdentity(identity);
  }

  get identity(): Identity {
    return this.#identity.identity;
  }

  /** Whether there is a decision and the newest observation does not speak against it. */
  get settled(): boolean {
    return this.#identity.settled;
  }

  /** The observations kept, best first. */
  get observations(): readonly Observation[] {
    return [...this.#observations].sort((a, b) => b.quality - a.quality);
  }

  /** The newest observation, kept or not. */
  get newest(): Observation | undefined {
    return this.#newest;
  }

  /**
   * Takes in the newest observation. Decides nothing when the gallery changed meanwhile: then it is time to `rematch`.
   * Calls take effect one after another. Rejects when matching fails.
   */
  add(observation: Observation, gallery: Matcher, rules: NamingRules): Promise<IdentityDecision | undefined> {
    return this.#inTurn(async () => {
      const { revision } = gallery;
      const started = performance.now();
      const nearest = await gallery.match(observation.vector, neighbours);
      const newest = { ...observation, ordinal: this.#count++, nearest };
      this.#newest = newest;
      this.#observations = withObservation(this.#observations, newest);
      const view = await this.#view(gallery, newest, started);
      return gallery.revision === revision ? this.#identity.decide(view, rules) : undefined;
    });
  }

  /** Matches the observations again because the gallery or the rules have changed; otherwise like `add`. */
  rematch(gallery: Matcher, rules: NamingRules): Promise<IdentityDecision | undefined> {
    return this.#inTurn(async () => {
      if (!this.#newest) return undefined;
      const { revision } = gallery;
      const started = performance.now();
      const again = async (observation: MatchedObservation): Promise<MatchedObservation> => ({
        ...observation,
        nearest: await gallery.match(observation.vector, neighbours),
      });
      const observations: MatchedObservation[] = [];
      for (const observation of this.#observations) observations.push(await again(observation));
      this.#observations = observations;
      this.#newest =
        observations.find(({ ordinal }) => ordinal === this.#newest?.ordinal) ?? (await again(this.#newest));
      const view = await this.#view(gallery, this.#newest, started);
      return gallery.revision === revision ? this.#identity.reconsider(view, rules) : undefined;
    });
  }

  async #view(gallery: Matcher, newest: MatchedObservation, started: number) {
    const observations = this.#observations;
    const vector = fuse(observations);
    const fused = { vector, nearest: await gallery.match(vector, neighbours) };
    return { observations, newest, fused, times: { ...newest.times, matchMs: performance.now() - started } };
  }
}
