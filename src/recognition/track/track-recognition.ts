import pLimit from 'p-limit';
import { qualityFloor } from '../../core/face-quality.js';
import type { Doubt, Identity, Neighbour, PoorView } from '../../core/face.js';
import { fuse, withObservation, type Counted, type Observation } from './observations.js';
import type { DecisionRules } from '../decision/decision.js';
import { PoorLooks, type Look } from './poor-looks.js';
import { isTelling, showsSameFace } from './same-face.js';
import { TrackIdentity, type IdentityDecision, type TrackView } from './track-identity.js';

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

/** Unclear observations after which a track in doubt counts as showing another face. */
const mostUnclear = 3;
/** When searches are further apart than this, an observation that contradicts the ones before casts a doubt by itself. */
const blindIntervalMs = 600;

/**
 * Recognises the face of one track: keeps its best observations, matches them, and decides who it is. While the track is
 * in doubt, the identity is held, and observations are compared with those from before: they count only once one has shown
 * the same face.
 */
export class TrackRecognition {
  readonly #identity: TrackIdentity;
  #observations: readonly MatchedObservation[] = [];
  #newest: MatchedObservation | undefined;
  #looks = new PoorLooks();
  /** The newest look of any quality, and the best observation that was too poor to match. */
  #newestLook: Look | undefined;
  #poorest: Observation | undefined;
  #poorView: PoorView | undefined;
  #count = 0;
  /** Ordinal and reason of the newest doubt that is not settled. */
  #doubt: Doubt | undefined;
  #unclear = 0;
  #searchIntervalMs = 0;
  #showsOther = false;
  readonly #serial = pLimit(1);

  /** @param identity the decision to start from; undecided if left out */
  constructor(identity?: Identity) {
    this.#identity = new TrackIdentity(identity?.state === 'held' ? identity.before : identity);
  }

  get identity(): Identity {
    const { identity } = this.#identity;
    if (identity.state === 'undecided') {
      return this.#poorView ? { state: 'undecided', poorView: this.#poorView } : { state: 'undecided' };
    }
    if (!this.#doubt) return identity;
    return { state: 'held', before: identity, reason: this.#doubt.reason };
  }

  /** Whether there is a decision and the newest observation does not contradict it. */
  get settled(): boolean {
    return this.#identity.settled && !this.#doubt;
  }

  /** Whether the track may show another face than the one observed before. */
  get isInDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /** Whether an observation has shown that it does. Nothing more can be learned about this track. */
  get showsOther(): boolean {
    return this.#showsOther;
  }

  /** The observations kept, best first; when all were too poor to match, the best of those. */
  get observations(): readonly Observation[] {
    if (this.#newest || !this.#poorest) return [...this.#observations].sort((a, b) => b.quality - a.quality);
    return [this.#poorest];
  }

  /** The newest observation that was matched, or else the newest look. */
  get newest(): Look | undefined {
    return this.#newest ?? this.#newestLook;
  }

  /**
   * Puts the identity in doubt until an observation made since then settles it. Without an observation there is nothing to
   * doubt.
   * @returns the held identity, unless there is none or it was held before
   */
  doubt(doubt: Doubt): IdentityDecision | undefined {
    if (!this.#newest) return undefined;
    const wasInDoubt = this.isInDoubt;
    this.#doubt = { ordinal: doubt.ordinal, reason: this.#doubt?.reason ?? doubt.reason };
    const { identity } = this;
    return wasInDoubt || identity.state !== 'held' ? undefined : { kind: 'held', identity };
  }

  /**
   * Adds an observation and decides. Decides nothing if the gallery changed meanwhile: call `rematch` then. Calls run one
   * after another. Rejects when matching fails.
   * @param searchIntervalMs the interval between searches at present
   * @returns the decision if it changes who the track is, or whether that is in doubt
   */
  add(
    observation: Observation,
    gallery: Matcher,
    rules: DecisionRules,
    searchIntervalMs = 0,
  ): Promise<IdentityDecision | undefined> {
    return this.#serial(async () => {
      if (observation.quality < qualityFloor) return this.#addPoorest(observation);
      const { revision } = gallery;
      const started = performance.now();
      const nearest = await gallery.match(observation.vector, neighbours);
      const newest = { ...observation, ordinal: this.#count++, nearest };
      const wasHeld = this.identity.state === 'held';
      const contradiction = this.#compare(newest, rules, searchIntervalMs);
      if (contradiction !== 'none') return contradiction;
      this.#looks.add(newest);
      this.#newest = newest;
      this.#observations = withObservation(this.#observations, newest);
      this.#searchIntervalMs = searchIntervalMs;
      const view = await this.#view(gallery, newest, started);
      const decision = gallery.revision === revision ? this.#identity.decide(view, rules) : undefined;
      const { identity } = this;
      if (decision || !wasHeld || identity.state === 'held') return decision ?? this.#tellPoorView();
      return { kind: 'confirmed', identity };
    });
  }

  /** Counts a look that was too poor to be embedded. @returns like `add` */
  glimpse(look: Look): IdentityDecision | undefined {
    this.#looks.add(look);
    this.#newestLook = look;
    return this.#tellPoorView();
  }

  #addPoorest(observation: Observation): IdentityDecision | undefined {
    if (observation.quality >= (this.#poorest?.quality ?? 0)) this.#poorest = observation;
    return this.glimpse(observation);
  }

  /**
   * Tells once that nothing can be decided because the face was seen too poorly. Somebody is a stranger only when they would
   * have been recognised, were they enrolled.
   */
  #tellPoorView(isLast = false): IdentityDecision | undefined {
    if (this.#poorView || this.isInDoubt || this.#identity.identity.state !== 'undecided') return undefined;
    this.#poorView = this.#looks.view(isLast);
    return this.#poorView && { kind: 'unclear', identity: this.identity };
  }

  /** Matches the observations again after the gallery or the rules changed; otherwise like `add`. */
  rematch(gallery: Matcher, rules: DecisionRules): Promise<IdentityDecision | undefined> {
    return this.#serial(async () => {
      const { revision } = gallery;
      const view = await this.#matchAgain(gallery);
      return view && gallery.revision === revision ? this.#identity.reconsider(view, rules) : undefined;
    });
  }

  /**
   * Decides for the last time, when no observation can follow. Matches the observations again, and once more if the gallery
   * changed meanwhile: somebody who was erased is not named. A track that may show two faces gets no new name.
   * @returns like `add`
   */
  conclude(gallery: Matcher, rules: DecisionRules): Promise<IdentityDecision | undefined> {
    return this.#serial(async () => {
      let revision: number;
      let view: TrackView | undefined;
      do {
        revision = gallery.revision;
        view = await this.#matchAgain(gallery);
      } while (gallery.revision !== revision);
      if (!view) return this.#tellPoorView(true);
      if (this.isInDoubt) return this.#identity.reconsider(view, rules);
      return this.#identity.conclude(view, rules) ?? this.#tellPoorView(true);
    });
  }

  /** Undefined without an observation that was matched. */
  async #matchAgain(gallery: Matcher): Promise<TrackView | undefined> {
    if (!this.#newest) return undefined;
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
    return this.#view(gallery, this.#newest, started);
  }

  /**
   * Settles a doubt, or casts one, by comparing an observation with those before.
   * @returns `none` when the observation may be added to them
   */
  #compare(
    newest: MatchedObservation,
    rules: DecisionRules,
    searchIntervalMs: number,
  ): IdentityDecision | undefined | 'none' {
    if (this.#observations.length === 0) return 'none';
    const doubt = this.#doubt;
    const ordinal = newest.track.doubt?.ordinal ?? 0;
    // It was made before the doubt arose.
    if (doubt && ordinal < doubt.ordinal) return undefined;
    if (!doubt && searchIntervalMs <= blindIntervalMs) return 'none';
    if (this.#identity.identity.state === 'undecided' && !this.#observations.some(isTelling)) {
      // Nothing was decided, and what was seen before says nothing.
      this.#observations = [];
      this.#looks = new PoorLooks();
      return this.#settle();
    }
    const answer = showsSameFace(newest, this.#observations, this.#identity.identity, rules);
    if (!doubt) return answer === 'no' ? this.doubt({ ordinal, reason: 'contradicted' }) : 'none';
    if (answer === 'unclear') this.#unclear++;
    this.#showsOther = answer === 'no' || this.#unclear >= mostUnclear;
    if (answer !== 'yes') return undefined;
    return this.#settle();
  }

  #settle(): 'none' {
    this.#doubt = undefined;
    this.#unclear = 0;
    return 'none';
  }

  async #view(gallery: Matcher, newest: MatchedObservation, started: number): Promise<TrackView> {
    const observations = this.#observations;
    const vector = fuse(observations);
    const fused = { vector, nearest: await gallery.match(vector, neighbours) };
    return {
      observations,
      newest,
      fused,
      times: { ...newest.times, matchMs: performance.now() - started },
      searchIntervalMs: this.#searchIntervalMs,
    };
  }
}
