import { landmarkQuality, qualityFloor, qualityScore } from '../core/face-quality.js';
import type { Detection, Identity, Track } from '../core/face.js';
import type { Frame } from '../core/image.js';
import { cutFace } from './crop.js';
import { rulesFor, type Match, type VotingRules } from './decision.js';
import type { Embedder } from './embedders.js';
import type { EmbedResult, EmbedTimes, EmbeddingPool } from './embedding-pool.js';
import type { Gallery } from './gallery.js';
import { shouldLook } from './recognition-schedule.js';
import { TrackIdentity, votingWindow } from './track-identity.js';
import type { IdentityTransition } from './track-identity.js';

/** A crop that no worker took by then shows the past. */
const maxWaitMs = 1000;
/** Time of the main loop that a frame may take to match faces in view with a changed gallery. */
const followBudgetMs = 5;
/** People listed in the evidence. */
const neighbours = 3;

/** The frame that a crop was taken from. */
type FrameRef = Pick<Frame, 'sequence' | 'width' | 'height' | 'capturedAt'>;

/** What changed about a track, and the newest crop that had a say. */
export interface Transition extends IdentityTransition {
  readonly frame: FrameRef;
  readonly detection: Detection;
  readonly times: EmbedTimes;
}

export interface RecognizerOptions {
  readonly pool: EmbeddingPool;
  readonly gallery: Gallery;
  readonly embedder: Embedder;
  /** Largest distance, 0 to 2, at which a face may be named. */
  readonly threshold: number;
  /** `track` is as it was in the crop's frame. */
  readonly onTransition: (track: Track, transition: Transition) => void;
}

/** A crop with its embedding, kept so that it can be matched again when the gallery changes. */
interface Look {
  readonly track: Track;
  readonly detection: Detection;
  readonly frame: FrameRef;
  readonly vector: Float32Array;
  readonly quality: number;
  readonly times: EmbedTimes;
}

interface TrackState {
  readonly identity: TrackIdentity;
  /** The newest, oldest first. */
  recent: Look[];
  lastSubmittedAt: number | undefined;
  inFlight: boolean;
  looks: number;
  bestQuality: number;
  /** Whether the gallery or the rules have changed since the crops were matched. */
  stale: boolean;
}

/**
 * Says who the tracks of one camera are. Takes crops of frames when its schedule asks for them and never holds a frame
 * up: results come when they come.
 */
export class Recognizer {
  readonly #options: RecognizerOptions;
  #rules: VotingRules;
  readonly #tracks = new Map<number, TrackState>();
  #galleryRevision: number;

  constructor(options: RecognizerOptions) {
    const { embedder, threshold, gallery } = options;
    this.#options = options;
    this.#rules = rulesFor(embedder, threshold);
    this.#galleryRevision = gallery.revision;
  }

  /** Sets the largest distance, 0 to 2, at which a face may be named; at the next frame for faces in view. */
  setThreshold(threshold: number): void {
    this.#rules = { ...this.#rules, threshold };
    for (const state of this.#tracks.values()) state.stale = true;
  }

  /** Looks at the tracks of a frame that was just searched; copies what it needs and returns at once. */
  observe(frame: Frame, tracks: readonly Track[]): void {
    this.#followGallery();
    for (const track of tracks) {
      if (track.state === 'confirmed' && track.detection) this.#consider(frame, track, track.detection);
    }
  }

  /** Who a track is; undecided for one that was never seen. */
  identity(trackId: number): Identity {
    return this.#tracks.get(trackId)?.identity.identity ?? { state: 'undecided' };
  }

  /** Drops what is known about a track that ended; results still under way are ignored. */
  forget(trackId: number): void {
    this.#tracks.delete(trackId);
  }

  #consider(frame: Frame, track: Track, detection: Detection): void {
    const { size, frontality } = landmarkQuality(detection.landmarks);
    const quality = Math.min(size, frontality);
    const state = this.#stateOf(track.id);
    const now = frame.capturedMonotonic;
    if (quality < qualityFloor) return;
    if (!shouldLook({ ...state, settled: state.identity.settled }, quality, now)) return;
    const crop = cutFace(frame, detection.landmarks);
    if (!crop) return;
    state.lastSubmittedAt = now;
    state.inFlight = true;
    state.bestQuality = Math.max(state.bestQuality, quality);
    const { sequence, width, height, capturedAt } = frame;
    const frameRef = { sequence, width, height, capturedAt };
    const context = { track, detection, frame: frameRef };
    void this.#options.pool.embed(crop, maxWaitMs).then((result) => this.#onResult(state, context, result));
  }

  async #onResult(
    state: TrackState,
    crop: Pick<Look, 'track' | 'detection' | 'frame'>,
    result: EmbedResult,
  ): Promise<void> {
    state.inFlight = false;
    if (this.#tracks.get(crop.track.id) !== state || result.status === 'dropped') return;
    state.looks++;
    if (result.status === 'failed') return;
    const quality = qualityScore(result.quality);
    if (quality < qualityFloor) return;
    const look: Look = { ...crop, vector: result.embedding.vector, quality, times: result.times };
    state.recent = [...state.recent, look].slice(-votingWindow);
    const match = await this.#match(look);
    if (this.#tracks.get(crop.track.id) !== state) return;
    this.#update(state, look, () => state.identity.add(match, this.#rules));
  }

  /** Whoever was enrolled or erased meanwhile counts for the faces in view too. */
  #followGallery(): void {
    const { revision } = this.#options.gallery;
    if (revision !== this.#galleryRevision) for (const state of this.#tracks.values()) state.stale = true;
    this.#galleryRevision = revision;
    const started = performance.now();
    for (const state of this.#tracks.values()) {
      // The rest has its turn at the next frame.
      if (performance.now() - started > followBudgetMs) return;
      if (state.stale) void this.#reconsider(state);
    }
  }

  async #reconsider(state: TrackState): Promise<void> {
    state.stale = false;
    const newest = state.recent.at(-1);
    if (!newest) return;
    const matches = await Promise.all(state.recent.map((look) => this.#match(look)));
    if (this.#tracks.get(newest.track.id) !== state) return;
    // A look that came meanwhile is not among these: again at the next frame.
    state.stale ||= state.recent.at(-1) !== newest;
    if (state.stale) return;
    this.#update(state, newest, () => state.identity.reconsider(matches, this.#rules));
  }

  #update(state: TrackState, newest: Look, vote: () => IdentityTransition | undefined): void {
    const { settled } = state.identity;
    const transition = vote();
    if (state.identity.settled !== settled) state.looks = 0;
    if (!transition) return;
    const { track, detection, frame, times } = newest;
    this.#options.onTransition(track, { ...transition, detection, frame, times });
  }

  async #match({ vector, quality }: Look): Promise<Match> {
    return { nearest: await this.#options.gallery.match(vector, neighbours), quality };
  }

  #stateOf(trackId: number): TrackState {
    const known = this.#tracks.get(trackId);
    if (known) return known;
    const state: TrackState = {
      identity: new TrackIdentity(),
      recent: [],
      lastSubmittedAt: undefined,
      inFlight: false,
      looks: 0,
      bestQuality: 0,
      stale: false,
    };
    this.#tracks.set(trackId, state);
    return state;
  }
}
