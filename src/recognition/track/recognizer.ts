import { landmarkQuality, qualityFloor } from '../../core/face-quality.js';
import type { FaceCrop, FaceEmbedder } from '../../core/face-embedder.js';
import type { Detection, Identity, Track } from '../../core/face.js';
import type { ClassifierHead } from '../../core/heads.js';
import type { Frame } from '../../core/image.js';
import { cutFace } from '../embedding/crop.js';
import { rulesFor, type NamingRules, type ThresholdChoice } from '../decision/decision.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { Gallery } from '../gallery/gallery.js';
import { copyCrop } from '../embedding/stored-crop.js';
import { shouldLook } from './recognition-schedule.js';
import type { IdentityTransition } from './track-identity.js';
import { lookOf, type Look, type Shot } from './look.js';
import { TrackRecognition } from './track-recognition.js';
import { newTrackState, type TrackState } from './track-state.js';

/** A crop that no worker took by then shows the past. */
const maxWaitMs = 1000;
/** Time that a frame may take to match faces in view with a changed gallery. */
const followBudgetMs = 5;

/** What changed about a track, and the newest crop that had a say. */
export interface Transition extends IdentityTransition, Pick<Shot, 'frame' | 'detection'> {
  /** The looks that decided, best first, with their crops. */
  readonly looks: readonly Look[];
}

/** What embeds, compares and names faces; all of it belongs to one embedder. */
export interface RecognitionModel {
  readonly embedder: FaceEmbedder;
  readonly gallery: Gallery;
  readonly spec: EmbedderSpec;
  readonly naming: ThresholdChoice;
  /** Trained on the user's own photos; null for the plain rules. */
  readonly classifier: ClassifierHead | null;
}

export interface RecognizerOptions extends RecognitionModel {
  /** `track` is as it was in the crop's frame. */
  readonly onTransition: (track: Track, transition: Transition) => void;
  /** Told when the gallery could not answer; the face is looked at again in time. */
  readonly onError: (error: unknown) => void;
}

/**
 * Says who the tracks of one camera are. Takes crops of frames when its schedule asks for them and never holds a frame
 * up: results come when they come.
 */
export class Recognizer {
  readonly #tell: Pick<RecognizerOptions, 'onTransition' | 'onError'>;
  #model: RecognitionModel;
  readonly #tracks = new Map<number, TrackState>();
  #galleryRevision: number;
  #following = false;

  constructor(options: RecognizerOptions) {
    this.#tell = options;
    this.#model = options;
    this.#galleryRevision = options.gallery.revision;
  }

  /** Sets how near a face must be to be named; at the next frame for faces in view. */
  setNaming(naming: ThresholdChoice): void {
    this.#model = { ...this.#model, naming };
    for (const state of this.#tracks.values()) state.stale = true;
  }

  /**
   * Goes on with another model. Faces in view keep their names until looks with the new one decide otherwise; with the
   * same gallery the looks of before still count.
   */
  use(model: RecognitionModel): void {
    const isSameGallery = model.gallery === this.#model.gallery;
    this.#model = model;
    this.#galleryRevision = model.gallery.revision;
    if (isSameGallery) {
      for (const state of this.#tracks.values()) state.stale = true;
      return;
    }
    for (const [id, { recognition }] of this.#tracks) {
      this.#tracks.set(id, newTrackState(new TrackRecognition(recognition.identity)));
    }
  }

  /** Looks at the tracks of a frame that was just searched; copies what it needs and returns at once. */
  observe(frame: Frame, tracks: readonly Track[]): void {
    void this.#followGallery();
    for (const track of tracks) {
      if (track.state === 'confirmed' && track.detection) this.#consider(frame, track, track.detection);
    }
  }

  /** Who a track is; undecided for one that was never seen. */
  identity(trackId: number): Identity {
    return this.#tracks.get(trackId)?.recognition.identity ?? { state: 'undecided' };
  }

  /** Drops what is known about a track that ended; results still under way are ignored. */
  forget(trackId: number): void {
    this.#tracks.delete(trackId);
  }

  #consider(frame: Frame, track: Track, detection: Detection): void {
    const { size, pose } = landmarkQuality(detection.landmarks);
    const quality = Math.min(size, pose);
    const state = this.#stateOf(track.id);
    const now = frame.capturedMonotonic;
    if (quality < qualityFloor) return;
    if (!shouldLook({ ...state, settled: state.recognition.settled }, quality, now)) return;
    const crop = cutFace(frame, detection.landmarks);
    if (!crop) return;
    state.lastSubmittedAt = now;
    state.inFlight = true;
    state.bestQuality = Math.max(state.bestQuality, quality);
    const { sequence, width, height, capturedAt } = frame;
    void this.#look(state, { track, detection, frame: { sequence, width, height, capturedAt } }, crop);
  }

  /** Embeds a crop and takes in what comes of it. Never rejects. */
  async #look(state: TrackState, shot: Shot, crop: FaceCrop): Promise<void> {
    const kept = copyCrop(crop);
    const result = await this.#model.embedder.embed(crop, { maxWaitMs });
    if (!this.#isCurrent(shot.track.id, state)) return;
    if (result.status !== 'dropped') state.looks++;
    const look = lookOf(result, shot, kept);
    if (look) {
      await this.#update(shot.track.id, state, () =>
        state.recognition.add(look, this.#model.gallery, this.#rules()),
      );
    }
    state.inFlight = false;
  }

  /** Whoever was enrolled or erased meanwhile counts for the faces in view too. Never rejects. */
  async #followGallery(): Promise<void> {
    const { gallery } = this.#model;
    if (gallery.revision !== this.#galleryRevision)
      for (const state of this.#tracks.values()) state.stale = true;
    this.#galleryRevision = gallery.revision;
    if (this.#following) return;
    this.#following = true;
    const started = performance.now();
    for (const [id, state] of this.#tracks) {
      // The rest has its turn at the next frame.
      if (performance.now() - started > followBudgetMs) break;
      if (!state.stale) continue;
      state.stale = false;
      await this.#update(id, state, () => state.recognition.rematch(this.#model.gallery, this.#rules()));
    }
    this.#following = false;
  }

  /** Never rejects. */
  async #update(
    trackId: number,
    state: TrackState,
    decide: () => Promise<IdentityTransition | undefined>,
  ): Promise<void> {
    const { recognition } = state;
    const { settled } = recognition;
    try {
      const transition = await decide();
      if (recognition.settled !== settled) state.looks = 0;
      if (transition && this.#isCurrent(trackId, state)) this.#announce(recognition, transition);
    } catch (error) {
      // A gallery that was closed because another one is in use now has nothing to answer.
      if (this.#isCurrent(trackId, state)) this.#tell.onError(error);
    }
  }

  #announce({ newest, looks }: TrackRecognition, transition: IdentityTransition): void {
    if (!newest) return;
    const { track, detection, frame } = newest.shot;
    this.#tell.onTransition(track, { ...transition, detection, frame, looks });
  }

  #rules(): NamingRules {
    const { spec, gallery, naming, classifier } = this.#model;
    return rulesFor(spec, naming, gallery.faces, classifier);
  }

  /** Whether the track is still in view and the model still the one that it was looked at with. */
  #isCurrent(trackId: number, state: TrackState): boolean {
    return this.#tracks.get(trackId) === state;
  }

  #stateOf(trackId: number): TrackState {
    const known = this.#tracks.get(trackId);
    if (known) return known;
    const state = newTrackState(new TrackRecognition());
    this.#tracks.set(trackId, state);
    return state;
  }
}
