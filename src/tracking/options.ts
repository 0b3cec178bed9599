/** Numbers of the tracker. Lengths are in face sizes (the square root of the box's area), so that they fit any picture. */
export interface TrackerOptions {
  /** Detections that make a track confirmed. */
  readonly minHits: number;
  /** A tentative track unseen for longer is forgotten. */
  readonly maxTentativeGapMs: number;
  /** A confirmed track unseen for longer has ended. */
  readonly maxHiddenMs: number;
  /** Least overlap of prediction and detection (IoU) in the first round. */
  readonly minIou: number;
  /** Farthest that a face may be from its prediction in the second round, when it was seen just now. */
  readonly maxDistance: number;
  /** How much that grows for each second unseen. */
  readonly maxDistancePerSecond: number;
  /** Largest change of size, as a factor, between the last detection and one that is paired by distance. */
  readonly maxSizeChange: number;
  /** Standard deviation of a detector's jitter. */
  readonly measurementNoise: number;
  /** How restless a face in steady motion is (root of the acceleration's spectral density, sizes / s^1.5). */
  readonly steadyAcceleration: number;
  /** How restless a face is that surprised the filter by starting, stopping or turning. */
  readonly manoeuvreAcceleration: number;
  /** Squared innovation over its variance from which a detection counts as such a surprise. */
  readonly manoeuvreSurprise: number;
  /** Standard deviation of the velocity of a face seen for the first time, sizes a second. */
  readonly initialSpeed: number;
}

export const defaultTrackerOptions: TrackerOptions = {
  // Two false alarms in a row at one place happen; three are rare, and at 10 detections a second cost 0.2 s.
  minHits: 3,
  // Faces entering are found on every second or third frame at first.
  maxTentativeGapMs: 500,
  // A hand before the face, or somebody walking past, takes about a second.
  maxHiddenMs: 1500,
  // As in SORT.
  minIou: 0.3,
  // A walker beside the camera covers about one face size between detections at 5 a second.
  maxDistance: 1.2,
  maxDistancePerSecond: 0.8,
  maxSizeChange: 1.8,
  // MTCNN and BlazeFace boxes of a still face scatter by 1 to 3 % of their size.
  measurementNoise: 0.03,
  // Low enough that a still face's box rests (0.4 % of its width a frame at 10 detections a second); surprises make it quick.
  steadyAcceleration: 0.04,
  // A head goes from rest to two sizes a second in about 0.2 s.
  manoeuvreAcceleration: 3,
  // Beyond 2.4 standard deviations: one in sixty by chance.
  manoeuvreSurprise: 6,
  initialSpeed: 1.5,
};
