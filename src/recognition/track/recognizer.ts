import { landmarkQuality, qualityFloor } from '../../core/face-quality.js';
import type { FaceCrop, FaceEmbedder } from '../../core/face-embedder.js';
import type { Detection, Track } from '../../core/face.js';
import type { ClassifierHead } from '../../core/heads.js';
import type { Frame } from '../../core/image.js';
import type { TrackObserver } from '../../core/track-observer.js';
import { rulesFor, type NamingRules, type ThresholdChoice } from '../decision/decision.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { Gallery } from '../gallery/gallery.js';
import { cutFace, copyCrop } from '../embedding/crop.js';
import type { DecisionRecorder } from './decision-recorder.js';
import { observationOf, type ObservedFace } from './observations.js';
import { shouldObserve } from './recognition-schedule.js';
import type { IdentityDecision } from './track-identity.js';
import { TrackRecognition } from './track-recognition.js';

/** A crop that no worker took by then shows the past. */
const maxWaitMs = 1000;
/** Time that a frame may take to match faces in view with a changed gallery. */
const followBudgetMs = 5;

/** What embeds, compares and names faces; all of it belongs to one embedder. */
export interface RecognitionModel {
  readonly embedder: FaceEmbedder;
  readonly gallery: Gallery;
  readonly spec: EmbedderSpec;
  readonly naming: ThresholdChoice;
  /** Trained on the user's own photos; null for the plain rules. */
  readonly classifier: ClassifierHead | null;
}

/** Where a recognizer finds the model in use. */
export interface ModelSource {
  readonly model: RecognitionModel;
  /** Calls `use` with each model to go on with, until the returned function is called. */
  onChange(use: (model: RecognitionModel) => void): () => void;
}

export interface RecognizerOptions {
  readonly models: ModelSource;
  readonly recorder: Pick<DecisionRecorder, 'decided' | 'confirmed' | 'close'>;
  /** Told when the gallery could not answer; the face is observed again in time. */
  readonly onError: (error: unknown) => void;
}

/**
 * Says who the tracks of one camera are. Takes crops of frames when its schedule asks for them and never holds a frame
 * up: results come when they come.
 */
export class Recognizer implements TrackObserver {
  readonly #recorder: RecognizerOptions['recorder'];
  readonly #onError: RecognizerOptions['onError'];
  readonly #stopFollowing: () => void;
  #model: RecognitionModel;
  readonly #tracks = new Map<number, ObservedTrack>();
  #galleryRevision: number;
  #following = false;

  constructor({ models, recorder, onError }: RecognizerOptions) {
    this.#recorder = recorder;
    this.#onError = onError;
    this.#model = models.model;
    this.#galleryRevision = this.#model.gallery.revision;
    this.#stopFollowing = models.onChange((model) => this.#use(model));
  }

  started(track: Track): void {
    this.#tracks.set(track.id, newObservedTrack(new TrackRecognition()));
  }

  observe(frame: Frame, tracks: readonly Track[]): void {
    void this.#followGallery();
    for (const track of tracks) {
      const observed = this.#tracks.get(track.id);
      if (observed && track.state === 'confirmed' && track.detection)
        this.#consider(frame, track, track.detection, observed);
    }
  }

  /** Results still under way are ignored. */
  ended(track: Track): void {
    this.#tracks.delete(track.id);
  }

  close(): Promise<void> {
    this.#stopFollowing();
    this.#tracks.clear();
    return this.#recorder.close();
  }

  /**
   * Goes on with another model. Faces in view keep their names until observations with the new one decide otherwise.
   * With the same gallery the observations of before still count, and are matched again at the next frame.
   */
  #use(model: RecognitionModel): void {
    const isSameGallery = model.gallery === this.#model.gallery;
    this.#model = model;
    this.#galleryRevision = model.gallery.revision;
    if (isSameGallery) return this.#matchAgain();
    for (const [id, { recognition }] of this.#tracks) {
      this.#tracks.set(id, newObservedTrack(new TrackRecognition(recognition.identity)));
    }
  }

  #consider(frame: Frame, track: Track, detection: Detection, observed: ObservedTrack): void {
    const { size, pose } = landmarkQuality(detection.landmarks);
    const quality = Math.min(size, pose);
    const now = frame.capturedMonotonic;
    if (quality < qualityFloor) return;
    if (!shouldObserve({ ...observed, settled: observed.recognition.settled }, quality, now)) return;
    const crop = cutFace(frame, detection.landmarks);
    if (!crop) return;
    observed.lastSubmittedAt = now;
    observed.inFlight = true;
    observed.bestQuality = Math.max(observed.bestQuality, quality);
    const { sequence, width, height, capturedAt } = frame;
    void this.#embed(observed, { track, detection, frame: { sequence, width, height, capturedAt } }, crop);
  }

  /** Embeds a crop and takes in what comes of it. Never rejects. */
  async #embed(observed: ObservedTrack, face: ObservedFace, crop: FaceCrop): Promise<void> {
    const kept = copyCrop(crop);
    const result = await this.#model.embedder.embed(crop, { maxWaitMs });
    if (!this.#isCurrent(face.track.id, observed)) return;
    if (result.status !== 'dropped') observed.observations++;
    const observation = observationOf(result, face, kept);
    if (observation) {
      await this.#update(face.track.id, observed, () =>
        observed.recognition.add(observation, this.#model.gallery, this.#rules()),
      );
    }
    observed.inFlight = false;
  }

  #matchAgain(): void {
    for (const observed of this.#tracks.values()) observed.stale = true;
  }

  /** Whoever was enrolled or erased meanwhile counts for the faces in view too. Never rejects. */
  async #followGallery(): Promise<void> {
    const { gallery } = this.#model;
    if (gallery.revision !== this.#galleryRevision) this.#matchAgain();
    this.#galleryRevision = gallery.revision;
    if (this.#following) return;
    this.#following = true;
    const started = performance.now();
    for (const [id, observed] of this.#tracks) {
      // The rest has its turn at the next frame.
      if (performance.now() - started > followBudgetMs) break;
      if (!observed.stale) continue;
      observed.stale = false;
      await this.#update(id, observed, () =>
        observed.recognition.rematch(this.#model.gallery, this.#rules()),
      );
    }
    this.#following = false;
  }

  /** Never rejects. */
  async #update(
    trackId: number,
    observed: ObservedTrack,
    decide: () => Promise<IdentityDecision | undefined>,
  ): Promise<void> {
    const { recognition } = observed;
    const { settled } = recognition;
    try {
      const decision = await decide();
      if (recognition.settled !== settled) observed.observations = 0;
      if (this.#isCurrent(trackId, observed)) this.#record(trackId, recognition, decision);
    } catch (error) {
      // A gallery that was closed because another one is in use now has nothing to answer.
      if (this.#isCurrent(trackId, observed)) this.#onError(error);
    }
  }

  #record(trackId: number, recognition: TrackRecognition, decision: IdentityDecision | undefined): void {
    const { newest, observations, identity } = recognition;
    if (decision === undefined || newest === undefined) return this.#recorder.confirmed(trackId, identity);
    const { track, frame } = newest;
    this.#recorder.decided({ ...decision, track, frame, observations });
  }

  #rules(): NamingRules {
    const { spec, gallery, naming, classifier } = this.#model;
    return rulesFor(spec, naming, gallery.faces, classifier);
  }

  /** Whether the track is still in view and the model still the one that it was observed with. */
  #isCurrent(trackId: number, observed: ObservedTrack): boolean {
    return this.#tracks.get(trackId) === observed;
  }
}

/** What the recognizer remembers of a track in view, apart from its state: when to observe it and when to match again. */
export interface ObservedTrack {
  readonly recognition: TrackRecognition;
  /** As the schedule wants to know it; see there. */
  lastSubmittedAt: number | undefined;
  /** Whether a crop is being embedded or matched. */
  inFlight: boolean;
  observations: number;
  bestQuality: number;
  /** Whether the gallery or the rules have changed since the observations were matched. */
  stale: boolean;
}

/** A track that was not observed with the model in use. */
export function newObservedTrack(recognition: TrackRecognition): ObservedTrack {
  return {
    recognition,
    lastSubmittedAt: undefined,
    inFlight: false,
    observations: 0,
    bestQuality: 0,
    stale: false,
  };
}
