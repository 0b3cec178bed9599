import pLimit from 'p-limit';
import type { Identity, Neighbour } from '../../core/face.js';
import { fuse, withObservation, type Counted, type Observation } from './observations.js';
import type { DecisionRules } from '../decision/decision.js';
import { TrackIdentity, type IdentityDecision } from './track-identity.js';

/** People listed in the evidence: more than two, because counterexamples may rule some out. */
const neighbours = 5;

/** The part of the gallery that a track needs. */
export interface Matcher {
  /** The people nearest to an embedding, nearest first. */
  match(vector: Float32Array, count: number): Promise<Neighbour[]> | Neighbour[];
  /** Changes whenever `match` may answer differently. */
  readonly revision: number;
}

interface MatchedObservation extends Observation, Counted {
  readonly nearest: readonly Neighbour[];
}

/** Recognises the face of one track: keeps its best observations, matches them, and decides who it is. */
export class TrackRecognition {
  readonly #identity: TrackIdentity;
  #observations: readonly MatchedObservation[] = [];
  #newest: MatchedObservation | undefined;
  #count = 0;
  readonly #serial = pLimit(1);

  /** @param identity the decision to start from; undecided if left out */
  constructor(identity?: Identity) {
    this.#identity = new TrackIdentity(identity);
  }

  get identity(): Identity {
    return this.#identity.identity;
  }

  /** Whether there is a decision and the newest observation does not contradict it. */
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
   * Adds an observation and decides. Decides nothing if the gallery changed meanwhile: call `rematch` then. Calls run one
   * after another. Rejects when matching fails.
   * @returns the decision if it changes who the track is
   */
  add(
    observation: Observation,
    gallery: Matcher,
    rules: DecisionRules,
  ): Promise<IdentityDecision | undefined> {
    return this.#serial(async () => {
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

  /** Matches the observations again after the gallery or the rules changed; otherwise like `add`. */
  rematch(gallery: Matcher, rules: DecisionRules): Promise<IdentityDecision | undefined> {
    return this.#serial(async () => {
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
