import type { FaceQuality } from './face-quality.js';
import type { Box, Point } from './geometry.js';

/**
 * Five landmarks in frame pixels, named as seen in the image: on an upright face the left eye is the one further
 * left in the picture, whichever eye of the person it is.
 */
export type Landmarks = readonly [
  leftEye: Point,
  rightEye: Point,
  nose: Point,
  leftMouthCorner: Point,
  rightMouthCorner: Point,
];

/** One face found in one picture. */
export interface Detection {
  /** In pixels of the picture given to the detector; may reach past its edges. */
  readonly box: Box;
  /** 0 to 1. */
  readonly score: number;
  readonly landmarks: Landmarks;
}

/**
 * Why a track may have gone over to another face. `hidden`: the face was not found for a while; `jumped`: it moved
 * further than faces do; `overlapped`: another face was at the same place; `changed`: its size, its landmarks or its look
 * changed abruptly; `contradicted`: an observation of it shows somebody else.
 */
export type DoubtReason = 'hidden' | 'jumped' | 'overlapped' | 'changed' | 'contradicted';

/** A doubt about a track; ordinals count up from 1. */
export interface Doubt {
  readonly ordinal: number;
  readonly reason: DoubtReason;
}

/** One face followed over time. Ids count up from 1 for each camera and are never used again while it runs. */
export interface Track {
  readonly id: number;
  /** `tentative` until seen often enough, `confirmed`, or `lost` while hidden for a short while. */
  readonly state: 'tentative' | 'confirmed' | 'lost';
  /** Smoothed box in frame pixels, predicted while the face is hidden or no detection ran. */
  readonly box: Box;
  /** The detection matched in the newest update; undefined when none matched. */
  readonly detection: Detection | undefined;
  /** Number of detections matched so far. */
  readonly hits: number;
  /** Pixels a second. */
  readonly velocity: Point;
  /** Milliseconds on the clock given to the tracker. */
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** The newest reason to doubt that it still shows the face it began with. */
  readonly doubt?: Doubt | undefined;
}

/** Which network, and which version of it, made an embedding. Embeddings of different models never compare. */
export interface ModelRef {
  readonly id: string;
  readonly version: string;
}

/** An L2-normalised face embedding. Distances are Euclidean on the unit sphere, 0 to 2; cosine = 1 − d²/2. */
export interface Embedding {
  readonly model: ModelRef;
  readonly vector: Float32Array;
}

/** A person of the gallery. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

/** A person without a name, told apart from the others by a number. */
export interface UnknownRef {
  readonly id: string;
  readonly number: number;
  /** Tracks of theirs so far, whatever the camera. */
  readonly seen: number;
}

/** What recognition can decide about a track; `unknown` says which unknown person it is, once known. */
export type DecidedIdentity =
  | { readonly state: 'unknown'; readonly evidence: IdentityEvidence; readonly unknown?: UnknownRef }
  | { readonly state: 'known'; readonly person: Person; readonly evidence: IdentityEvidence };

/** Why nobody can say who a track shows: what was wrong with most of its looks, and the quality of its best one, 0 to 1. */
export interface PoorView {
  readonly reason: keyof FaceQuality;
  readonly quality: number;
}

/**
 * What recognition says of a track. `undecided`: nothing yet, or with a `poorView` that it was seen too poorly. `held`: the track may have gone over to another face since `before` was decided, and
 * no observation has shown yet whether it has.
 */
export type Identity =
  | { readonly state: 'undecided'; readonly poorView?: PoorView }
  | DecidedIdentity
  | { readonly state: 'held'; readonly before: DecidedIdentity; readonly reason: DoubtReason };

/** A person of the gallery and how far they are from a probe. */
export interface Neighbour {
  readonly person: Person;
  /** To their nearest photo. */
  readonly distance: number;
  /** To the centre of their photos, scaled back onto the unit sphere. */
  readonly centroidDistance: number;
  /** Whether the probe is nearer to a counterexample of theirs than to any photo of them. */
  readonly rejected: boolean;
  /** Who looks so much like them that a name needs a smaller distance than the threshold. */
  readonly lookAlike?: LookAlikeLimit | undefined;
}

/** The distance at or below which somebody with a look-alike may be named. */
export interface LookAlikeLimit {
  /** The look-alike. */
  readonly person: Person;
  readonly threshold: number;
}

/** Milliseconds that a crop spent in each stage of recognition. */
export interface StageTimes {
  /** Waiting for a worker. */
  readonly queueMs: number;
  readonly alignMs: number;
  readonly embedMs: number;
  readonly matchMs: number;
}

/** The result for a single crop of a track. */
export interface CropEvidence {
  /** 0 to 1. */
  readonly quality: number;
  /** To the nearest photo of the gallery; null with an empty gallery. */
  readonly distance: number | null;
  /** The person it supports; null for nobody. */
  readonly person: Person | null;
}

/** Enough to explain why somebody was, or was not, named. Distances are of the crops' fused embedding. */
export interface IdentityEvidence {
  /** To the nearest photo of the person named, or of the nearest person; null with an empty gallery. */
  readonly distance: number | null;
  /** A name needs a distance at or below this. */
  readonly threshold: number;
  /** Wanted share of strangers named, from which the threshold follows; null when the user chose the threshold. */
  readonly falseNameRate: number | null;
  /** Unknown people of the place that the threshold was calibrated on; null when it was not. */
  readonly calibratedOn: number | null;
  /** How much further away the second-nearest person is; null when there is none. */
  readonly margin: number | null;
  /** 0 to 1; how it is computed stands in docs/recognition.md. */
  readonly confidence: number;
  /** Crops fused, and how many of them spoke for this decision. */
  readonly votes: { readonly total: number; readonly inFavour: number };
  /** Summed quality of the crops that spoke for this decision. */
  readonly weight: number;
  /** The crops fused, oldest first. */
  readonly crops: readonly CropEvidence[];
  /** The nearest people, nearest first. */
  readonly nearest: readonly Neighbour[];
  /** 0 to 1 of the newest crop. */
  readonly quality: number;
  /** Times of the newest crop. */
  readonly times: StageTimes;
}
