/**
 * Parameters of the tracker. Where a time must hold at any rate of searches, it is the larger of a time and a number of
 * intervals. Lengths are in face sizes (the square root of the box's area), so that they fit any
 * picture.
 */
export interface TrackerOptions {
  /** The number of detections that confirms a track. */
  readonly minHits: number;
  /** The same when searches are further apart than `farApartMs`. */
  readonly minHitsFarApart: number;
  readonly farApartMs: number;
  /** A tentative track that is not detected for longer than this, and than `maxGapIntervals`, is dropped. */
  readonly maxTentativeGapMs: number;
  /** A confirmed track that is not detected for longer than this, and than `maxGapIntervals`, ends. */
  readonly maxHiddenMs: number;
  /** In intervals between searches. */
  readonly maxGapIntervals: number;
  /** Least overlap of prediction and detection (IoU) in the first round. */
  readonly minIou: number;
  /** The largest distance between prediction and detection in the second round, for a face that was just seen. */
  readonly maxDistance: number;
  /** How much `maxDistance` grows for each second without a detection. */
  readonly maxDistancePerSecond: number;
  /** How much it grows for each second of the interval between searches beyond `briefIntervalMs`. */
  readonly maxDistancePerIntervalSecond: number;
  readonly briefIntervalMs: number;
  /** Largest change of size, as a factor, between the last detection and one that is paired by distance. */
  readonly maxSizeChange: number;
  /** Standard deviation of a detector's jitter. */
  readonly measurementNoise: number;
  /** Process noise of a face in steady motion (square root of the acceleration's spectral density, sizes / s^1.5). */
  readonly steadyAcceleration: number;
  /** Process noise of a face that surprised the filter by starting, stopping or turning. */
  readonly manoeuvreAcceleration: number;
  /** A detection is such a surprise if its squared innovation divided by the variance is above this. */
  readonly manoeuvreSurprise: number;
  /** Standard deviation of the velocity of a new face, in sizes per second. */
  readonly initialSpeed: number;
}

export const defaultTrackerOptions: TrackerOptions = {
  // Two false positives in a row at one place happen; three are rare, and at 10 detections per second they cost 0.2 s.
  minHits: 3,
  // Two pictures that are half a second apart share no blur or flicker, and a passer-by gives no more of them.
  minHitsFarApart: 2,
  farApartMs: 400,
  // At first, a face that enters the picture is detected only in every second or third frame.
  maxTentativeGapMs: 500,
  // A hand in front of the face, or a person walking past, hides it for about a second.
  maxHiddenMs: 1500,
  // One search without the face, between two that are up to a quarter late.
  maxGapIntervals: 2.5,
  // The value of SORT.
  minIou: 0.3,
  // At 5 detections per second, a person who walks past the camera moves about one face size between two of them.
  maxDistance: 1.2,
  maxDistancePerSecond: 0.8,
  // A person who comes nearer or paces up and down moves by up to about two face sizes a second. Whether it was the same
  // one is for the observations to say: at such intervals there is one for each detection.
  maxDistancePerIntervalSecond: 2,
  briefIntervalMs: 200,
  maxSizeChange: 1.8,
  // MTCNN's and BlazeFace's boxes of a still face vary by 1 to 3 % of their size.
  measurementNoise: 0.03,
  // Low enough to keep a still face's box steady (0.4 % of its width per frame at 10 detections per second).
  steadyAcceleration: 0.04,
  // A head accelerates from rest to two sizes per second in about 0.2 s.
  manoeuvreAcceleration: 3,
  // More than 2.4 standard deviations, which happens by chance in one of sixty cases.
  manoeuvreSurprise: 6,
  initialSpeed: 1.5,
};
