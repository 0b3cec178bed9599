import { landmarkQuality, qualityFloor } from '../../core/face-quality.js';
import type { EmbedOptions, FaceCrop, FaceEmbedder } from '../../core/face-embedder.js';
import type { Detection, Track } from '../../core/face.js';
import type { ClassifierHead } from '../../core/heads.js';
import type { Frame } from '../../core/image.js';
import { SearchInterval } from '../../core/search-interval.js';
import type { DoubtSettler, FrameRef, TrackObserver } from '../../core/track-state.js';
import { rulesFor, type DecisionRules, type ThresholdSettings } from '../decision/decision.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';
import type { Gallery } from '../gallery/gallery.js';
import { cutFace, copyCrop } from '../embedding/crop.js';
import type { DecisionRecorder } from './decision-recorder.js';
import { observationOf, type Observation, type ObservedFace } from './observations.js';
import type { Look } from './poor-looks.js';
import { shouldObserve } from './recognition-schedule.js';
import type { IdentityDecision } from './track-identity.js';
import { TrackRecognition } from './track-recognition.js';

/** A crop that no worker took within this time, or before the next search, is out of date. */
const leastWaitMs = 1000;
/**
 * When searches are further apart than this, tracks are observed before they are confirmed: waiting would cost more time than
 * the crops of false alarms cost work.
 */
const patientIntervalMs = 200;
/** When more tracks than this have ended and wait, their crops are not tried again: a crowd must not fill the queue. */
const mostSecondTries = 8;
/** Most time per frame for matching the faces in view again after the gallery changed. */
const followBudgetMs = 5;

/** Everything that identifies faces with one embedder. */
export interface RecognitionModel {
  readonly embedder: FaceEmbedder;
  readonly gallery: Gallery;
  readonly spec: EmbedderSpec;
  readonly thresholds: ThresholdSettings;
  /** Classifier trained on the user's own photos; null for the plain rules. */
  readonly classifier: ClassifierHead | null;
}

/** Gives the model in use and follows its changes. */
export interface ModelSource {
  readonly model: RecognitionModel;
  /** Calls `use` with each new model, until the returned function is called. */
  onChange(use: (model: RecognitionModel) => void): () => void;
}

export interface RecognizerOptions {
  readonly models: ModelSource;
  readonly recorder: Pick<DecisionRecorder, 'decided' | 'confirmed' | 'holdEnd' | 'close'>;
  /** Called when the gallery could not answer. The face will be observed again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Identifies the tracks of one camera. Cuts crops from frames as the schedule asks and never holds up a frame: results
 * arrive later.
 */
export class Recognizer implements TrackObserver {
  readonly #recorder: RecognizerOptions['recorder'];
  readonly #onError: RecognizerOptions['onError'];
  readonly #stopFollowing: () => void;
  #model: RecognitionModel;
  readonly #tracks = new Map<number, ObservedTrack>();
  /** The tracks that have ended and wait for a last decision. */
  readonly #concluding = new Set<Promise<void>>();
  readonly #interval = new SearchInterval();
  #galleryRevision: number;
  #following = false;

  constructor({ models, recorder, onError }: RecognizerOptions) {
    this.#recorder = recorder;
    this.#onError = onError;
    this.#model = models.model;
    this.#galleryRevision = this.#model.gallery.revision;
    this.#stopFollowing = models.onChange((model) => this.#use(model));
  }

  started(track: Track, _frame: FrameRef, doubts: DoubtSettler): void {
    const observed = this.#tracks.get(track.id) ?? newObservedTrack(new TrackRecognition());
    observed.doubts = doubts;
    this.#tracks.set(track.id, observed);
  }

  observe(frame: Frame, tracks: readonly Track[]): void {
    void this.#followGallery();
    this.#interval.add(frame.capturedMonotonic);
    this.#followTentative(tracks);
    for (const track of tracks) {
      const observed = this.#tracks.get(track.id);
      if (!observed) continue;
      this.#followDoubt(frame, track, observed);
      if (track.detection) this.#consider(frame, track, track.detection, observed);
    }
  }

  /**
   * Somebody who passes quickly may be gone before a crop of them has come back, so the end of the track is held until it
   * has, and a last decision is made. A crop that the queue of live faces drops is then embedded like one of a request. The
   * embedder replies to every crop, so that this ends.
   */
  ended(track: Track): void {
    const observed = this.#tracks.get(track.id);
    if (!observed) return;
    if (!observed.look && !this.#lastMissed(observed) && !this.#isOpen(observed))
      return void this.#tracks.delete(track.id);
    const concluding = this.#conclude(track.id, observed).finally(() => this.#concluding.delete(concluding));
    this.#concluding.add(concluding);
    this.#recorder.holdEnd(track.id, concluding);
  }

  /** Resolves when the ended tracks have had their last decision and all is stored. */
  async close(): Promise<void> {
    this.#stopFollowing();
    await Promise.all(this.#concluding);
    this.#tracks.clear();
    await this.#recorder.close();
  }

  /** Waits for the crop on its way, and decides once more about a track that has ended. Never rejects. */
  async #conclude(trackId: number, observed: ObservedTrack): Promise<void> {
    await observed.look;
    const missed = this.#isCurrent(trackId, observed) && this.#lastMissed(observed);
    if (missed) await this.#embed(observed, missed.face, missed.crop, {});
    if (this.#isCurrent(trackId, observed) && this.#isOpen(observed)) {
      await this.#update(trackId, observed, () =>
        observed.recognition.conclude(this.#model.gallery, this.#rules()),
      );
    }
    this.#tracks.delete(trackId);
  }

  /** The last crop of an ended track, if it was dropped and could still decide who that is. */
  #lastMissed({ missed, recognition }: ObservedTrack): MissedFace | undefined {
    if (recognition.identity.state !== 'undecided' || recognition.isInDoubt) return undefined;
    return this.#concluding.size <= mostSecondTries ? missed : undefined;
  }

  /** Whether a last decision may change what is known of a track. */
  #isOpen({ recognition, stale }: ObservedTrack): boolean {
    if (recognition.newest === undefined) return false;
    const { gallery } = this.#model;
    return recognition.identity.state === 'undecided' || stale || gallery.revision !== this.#galleryRevision;
  }

  /**
   * Switches to another model. Tracks keep their identity until observations with the new model decide otherwise. If the
   * gallery is the same, earlier observations still count and are matched again at the next frame.
   */
  #use(model: RecognitionModel): void {
    const isSameGallery = model.gallery === this.#model.gallery;
    this.#model = model;
    this.#galleryRevision = model.gallery.revision;
    if (isSameGallery) return this.#matchAgain();
    for (const [id, { recognition, doubts }] of this.#tracks) {
      this.#tracks.set(id, newObservedTrack(new TrackRecognition(recognition.identity), doubts));
    }
  }

  /** Begins to observe tentative tracks when searches are far apart, and forgets those that came to nothing. */
  #followTentative(tracks: readonly Track[]): void {
    for (const [id, { doubts }] of this.#tracks) {
      if (!doubts && !tracks.some((track) => track.id === id)) this.#tracks.delete(id);
    }
    if (this.#interval.ms <= patientIntervalMs) return;
    for (const { id, state } of tracks) {
      if (state === 'tentative' && !this.#tracks.has(id)) {
        this.#tracks.set(id, newObservedTrack(new TrackRecognition()));
      }
    }
  }

  /** Holds the identity of a track about which a new doubt has arisen. */
  #followDoubt({ sequence, width, height, capturedAt }: Frame, track: Track, observed: ObservedTrack): void {
    const { doubt } = track;
    if (!doubt || doubt.ordinal <= observed.doubted) return;
    const { recognition, doubts } = observed;
    observed.doubted = doubt.ordinal;
    const held = recognition.doubt(doubt);
    if (!recognition.isInDoubt) doubts?.trust(doubt.ordinal);
    const frame = { sequence, width, height, capturedAt };
    if (held) this.#recorder.decided({ ...held, track, frame, observations: recognition.observations });
  }

  #consider(frame: Frame, track: Track, detection: Detection, observed: ObservedTrack): void {
    const { size, pose } = landmarkQuality(detection.landmarks);
    const quality = Math.min(size, pose);
    const now = frame.capturedMonotonic;
    const { settled, isInDoubt } = observed.recognition;
    const progress = { ...observed, inFlight: observed.look !== undefined, settled, isInDoubt };
    if (!shouldObserve(progress, quality, now, this.#interval.ms)) return;
    const { sequence, width, height, capturedAt } = frame;
    const face = { track, detection, frame: { sequence, width, height, capturedAt } };
    if (quality < qualityFloor) {
      const weakest = size < pose ? 'size' : 'pose';
      return this.#glimpse(observed, { track, frame: face.frame, quality, weakest }, now);
    }
    const crop = cutFace(frame, detection.landmarks);
    if (!crop) return;
    observed.lastSubmittedAt = now;
    observed.bestQuality = Math.max(observed.bestQuality, quality);
    const options = { maxWaitMs: Math.max(leastWaitMs, this.#interval.ms), urgent: isInDoubt };
    observed.missed = undefined;
    this.#look(observed, this.#embed(observed, face, crop, options));
  }

  /** Counts a face that is not worth a crop, as often as one would be cut. */
  #glimpse(observed: ObservedTrack, look: Look, now: number): void {
    const { recognition } = observed;
    if (recognition.identity.state !== 'undecided') return;
    observed.lastSubmittedAt = now;
    const decision = recognition.glimpse(look);
    if (decision) this.#record(look.track.id, recognition, decision);
  }

  /** Notes what a track waits for. */
  #look(observed: ObservedTrack, result: Promise<void>): void {
    observed.look = result.finally(() => (observed.look = undefined));
  }

  /** Embeds a crop and adds the observation. Never rejects. */
  async #embed(
    observed: ObservedTrack,
    face: ObservedFace,
    crop: FaceCrop,
    options: EmbedOptions,
  ): Promise<void> {
    const kept = copyCrop(crop);
    const result = await this.#model.embedder.embed(crop, options);
    if (!this.#isCurrent(face.track.id, observed)) return;
    if (result.status === 'dropped') observed.missed = { face, crop: kept };
    else observed.observations++;
    const observation = observationOf(result, face, kept);
    if (observation) await this.#add(face.track.id, observed, observation);
  }

  /** Adds an observation, and settles the doubts that it can settle. Never rejects. */
  async #add(trackId: number, observed: ObservedTrack, observation: Observation): Promise<void> {
    const { recognition, doubts } = observed;
    await this.#update(trackId, observed, () =>
      recognition.add(observation, this.#model.gallery, this.#rules(), this.#interval.ms),
    );
    if (recognition.showsOther) return this.#split(trackId, observed, observation);
    const { doubt } = observation.track;
    if (doubt && !recognition.isInDoubt) doubts?.trust(doubt.ordinal);
  }

  /** Ends a track that shows another face by now. The observation that showed it is the first of the new track. */
  async #split(trackId: number, observed: ObservedTrack, observation: Observation): Promise<void> {
    if (!this.#isCurrent(trackId, observed)) return;
    // Nothing more can be decided about the face before, so the end of its track need not wait.
    this.#tracks.delete(trackId);
    const id = observed.doubts?.split();
    const next = id === undefined ? undefined : this.#tracks.get(id);
    if (id === undefined || !next) return;
    next.lastSubmittedAt = observed.lastSubmittedAt;
    const first = { ...observation, track: { ...observation.track, id, doubt: undefined } };
    this.#look(next, this.#add(id, next, first));
    await next.look;
  }

  #matchAgain(): void {
    for (const observed of this.#tracks.values()) observed.stale = true;
  }

  /** Matches the faces in view again after somebody was enrolled or erased. Never rejects. */
  async #followGallery(): Promise<void> {
    const { gallery } = this.#model;
    if (gallery.revision !== this.#galleryRevision) this.#matchAgain();
    this.#galleryRevision = gallery.revision;
    if (this.#following) return;
    this.#following = true;
    const started = performance.now();
    for (const [id, observed] of this.#tracks) {
      // The remaining tracks follow at the next frame.
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
      // An error from the gallery of a previous model does not matter any more.
      if (this.#isCurrent(trackId, observed)) this.#onError(error);
    }
  }

  #record(trackId: number, recognition: TrackRecognition, decision: IdentityDecision | undefined): void {
    const { newest, observations, identity } = recognition;
    if (decision === undefined || newest === undefined) return this.#recorder.confirmed(trackId, identity);
    const { track, frame } = newest;
    this.#recorder.decided({ ...decision, track, frame, observations });
    // The doubt arose while this was decided from what was seen before it.
    if (identity.state !== 'held' || decision.kind === 'held') return;
    this.#recorder.decided({ kind: 'held', identity, track, frame, observations });
  }

  #rules(): DecisionRules {
    const { spec, gallery, thresholds, classifier } = this.#model;
    return rulesFor(spec, thresholds, gallery.faces, classifier);
  }

  /** Whether the track still exists and the model is still the one it was observed with. */
  #isCurrent(trackId: number, observed: ObservedTrack): boolean {
    return this.#tracks.get(trackId) === observed;
  }
}

/** The recognizer's notes on a track, besides its state: when to observe it and whether to match it again. */
export interface ObservedTrack {
  readonly recognition: TrackRecognition;
  /** Undefined while the track is tentative. */
  doubts: DoubtSettler | undefined;
  /** Ordinal of the newest doubt that `recognition` knows of. */
  doubted: number;
  /** See `TrackProgress`, also for `observations` and `bestQuality`. */
  lastSubmittedAt: number | undefined;
  /** Resolves when the crop that is being embedded or matched counts; undefined without one. */
  look: Promise<void> | undefined;
  observations: number;
  bestQuality: number;
  /** Whether the gallery or the rules have changed since the observations were matched. */
  stale: boolean;
  /** The newest crop, if it was dropped. */
  missed: MissedFace | undefined;
}

interface MissedFace {
  readonly face: ObservedFace;
  readonly crop: FaceCrop;
}

/** The notes on a track that was not observed with the current model yet. */
function newObservedTrack(recognition: TrackRecognition, doubts?: DoubtSettler): ObservedTrack {
  return {
    recognition,
    doubts,
    doubted: 0,
    lastSubmittedAt: undefined,
    look: undefined,
    observations: 0,
    bestQuality: 0,
    stale: false,
    missed: undefined,
  };
}
