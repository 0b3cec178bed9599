import type { Identity, Neighbour } from '../../core/face.js';
import { fuse, withLook, type Counted } from './best-looks.js';
import type { NamingRules } from '../decision/decision.js';
import type { Look } from './look.js';
import { TrackIdentity, type IdentityTransition } from './track-identity.js';

/** People listed in the evidence; more than two, for some may be ruled out. */
const neighbours = 5;

/** The gallery as a track needs it. */
export interface Matcher {
  /** The people nearest to an embedding, nearest first. */
  match(vector: Float32Array, count: number): Promise<Neighbour[]> | Neighbour[];
  /** Changes whenever `match` may answer differently. */
  readonly revision: number;
}

interface MatchedLook extends Look, Counted {
  readonly nearest: readonly Neighbour[];
}

/** What is known of one track's face: its best looks, what the gallery says of them, and who it is. */
export class TrackRecognition {
  readonly #identity: TrackIdentity;
  #looks: readonly MatchedLook[] = [];
  #newest: MatchedLook | undefined;
  #count = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param identity what is thought of the track to begin with */
  constructor(identity?: Identity) {
    this.#identity = new TrackIdentity(identity);
  }

  get identity(): Identity {
    return this.#identity.identity;
  }

  /** Whether there is a decision and the newest look does not speak against it. */
  get settled(): boolean {
    return this.#identity.settled;
  }

  /** The looks kept, best first. */
  get looks(): readonly Look[] {
    return [...this.#looks].sort((a, b) => b.quality - a.quality);
  }

  /** The newest look, kept or not. */
  get newest(): Look | undefined {
    return this.#newest;
  }

  /**
   * Takes in the newest look. Decides nothing when the gallery changed meanwhile: then it is time to `rematch`.
   * Calls take effect one after another. Rejects when matching fails.
   */
  add(look: Look, gallery: Matcher, rules: NamingRules): Promise<IdentityTransition | undefined> {
    return this.#inTurn(async () => {
      const { revision } = gallery;
      const started = performance.now();
      const nearest = await gallery.match(look.vector, neighbours);
      const newest = { ...look, ordinal: this.#count++, nearest };
      this.#newest = newest;
      this.#looks = withLook(this.#looks, newest);
      const view = await this.#view(gallery, newest, started);
      return gallery.revision === revision ? this.#identity.decide(view, rules) : undefined;
    });
  }

  /** Matches the looks again because the gallery or the rules have changed; otherwise like `add`. */
  rematch(gallery: Matcher, rules: NamingRules): Promise<IdentityTransition | undefined> {
    return this.#inTurn(async () => {
      if (!this.#newest) return undefined;
      const { revision } = gallery;
      const started = performance.now();
      const again = async (look: MatchedLook): Promise<MatchedLook> => ({
        ...look,
        nearest: await gallery.match(look.vector, neighbours),
      });
      const looks: MatchedLook[] = [];
      for (const look of this.#looks) looks.push(await again(look));
      this.#looks = looks;
      this.#newest =
        looks.find(({ ordinal }) => ordinal === this.#newest?.ordinal) ?? (await again(this.#newest));
      const view = await this.#view(gallery, this.#newest, started);
      return gallery.revision === revision ? this.#identity.reconsider(view, rules) : undefined;
    });
  }

  async #view(gallery: Matcher, newest: MatchedLook, started: number) {
    const looks = this.#looks;
    const vector = fuse(looks);
    const fused = { vector, nearest: await gallery.match(vector, neighbours) };
    return { looks, newest, fused, times: { ...newest.times, matchMs: performance.now() - started } };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
