import type {
  DecidedIdentity,
  DoubtReason,
  Identity,
  Person,
  PoorView,
  StageTimes,
  Track,
  UnknownRef,
  IdentityEvidence,
} from '../core/face.js';
import { weaknesses } from '../core/face-quality.js';
import type { Box, Point } from '../core/geometry.js';
import type { LookAlikes } from '../core/people-store.js';
import type { FrameRef } from '../core/track-state.js';
import { sourceOf } from './kept-event.js';
import type { CameraRef, DraftOf, EventDataByType, EventType, FaceEventData } from './identity-event.js';

/** What an event reports: a track with its identity in one frame. */
export interface TrackReport {
  readonly camera: CameraRef;
  readonly track: Track;
  /** Unique across cameras and runs of the program. */
  readonly trackKey: string;
  readonly identity: Identity;
  readonly frame: FrameRef;
}

/** Event for a face that was seen often enough to become a confirmed track. */
export function trackStarted(report: TrackReport): DraftOf<'sightline.track.started'> {
  return draft('sightline.track.started', report.camera, faceData(report));
}

/** Event for a track that ended. It carries the last identity. */
export function trackEnded(report: TrackReport): DraftOf<'sightline.track.ended'> {
  return draft('sightline.track.ended', report.camera, faceData(report));
}

/** Event for a track that got a name. */
export function identityRecognized(report: TrackReport): DraftOf<'sightline.identity.recognized'> {
  return draft('sightline.identity.recognized', report.camera, faceData(report));
}

/** Event for the first decision that a face belongs to nobody enrolled. */
export function identityUnknown(report: TrackReport): DraftOf<'sightline.identity.unknown'> {
  return draft('sightline.identity.unknown', report.camera, faceData(report));
}

/** Event for a face that was seen too poorly to say who it is. */
export function identityUnclear(report: TrackReport): DraftOf<'sightline.identity.unclear'> {
  return draft('sightline.identity.unclear', report.camera, faceData(report));
}

/** Event for a name that was replaced or withdrawn. @param previous the identity before */
export function identityChanged(
  report: TrackReport,
  previous: Identity,
): DraftOf<'sightline.identity.changed'> {
  const data = { ...faceData(report), previous: personRefOf(decided(previous)) };
  return draft('sightline.identity.changed', report.camera, data);
}

/** Event for an identity in doubt: the track may have gone over to another face. */
export function identityHeld(report: TrackReport): DraftOf<'sightline.identity.held'> {
  return draft('sightline.identity.held', report.camera, faceData(report));
}

/** Event for an identity that was held and stands again, because an observation has shown the same face. */
export function identityConfirmed(report: TrackReport): DraftOf<'sightline.identity.confirmed'> {
  return draft('sightline.identity.confirmed', report.camera, faceData(report));
}

/** Event for a camera that shows pictures (again). */
export function cameraOnline(camera: CameraRef): DraftOf<'sightline.camera.online'> {
  return draft('sightline.camera.online', camera, { camera, reason: null });
}

/** Event for a camera that stopped showing pictures. @param reason without credentials; null for a file that was played to its end */
export function cameraOffline(
  camera: CameraRef,
  reason: { readonly code: string; readonly message: string } | null,
): DraftOf<'sightline.camera.offline'> {
  return draft('sightline.camera.offline', camera, { camera, reason });
}

/** Event for a camera that is searched for faces less often than once a second. */
export function cameraOverloaded(
  camera: CameraRef,
  reason: { readonly code: string; readonly message: string },
): DraftOf<'sightline.camera.overloaded'> {
  return draft('sightline.camera.overloaded', camera, { camera, reason });
}

/** Event for an overloaded camera that is searched often enough again. */
export function cameraRecovered(camera: CameraRef): DraftOf<'sightline.camera.recovered'> {
  return draft('sightline.camera.recovered', camera, { camera, reason: null });
}

/** Event for thresholds that have moved, because of the unknown people of the place. */
export function recognitionCalibrated({
  embedder,
  people,
  shift,
  threshold,
}: Omit<
  EventDataByType['sightline.recognition.calibrated'],
  'camera'
>): DraftOf<'sightline.recognition.calibrated'> {
  return draft('sightline.recognition.calibrated', null, {
    camera: null,
    embedder,
    people,
    shift: round(shift, 4),
    threshold: { before: round(threshold.before, 4), after: round(threshold.after, 4) },
  });
}

/** Event for a photo that no longer counts. */
export function photoSetAside(
  data: Omit<EventDataByType['sightline.gallery.photo-set-aside'], 'camera'>,
): DraftOf<'sightline.gallery.photo-set-aside'> {
  return draft('sightline.gallery.photo-set-aside', null, { camera: null, ...data });
}

/** Event for two people who need a smaller distance than others to be named. */
export function lookAlikesFound({
  people: [first, second],
  distance,
  threshold,
}: Pick<LookAlikes, 'people' | 'distance' | 'threshold'>): DraftOf<'sightline.gallery.look-alikes'> {
  const message = `${first.name} and ${second.name} look alike (${figure(distance)} apart): to be named, each needs ${figure(threshold)} or less from now on.`;
  return draft('sightline.gallery.look-alikes', null, {
    camera: null,
    people: [first, second],
    distance: round(distance, 4),
    threshold: round(threshold, 4),
    reason: { code: 'look-alikes', message },
  });
}

/** @param camera null for an event about no camera */
function draft<T extends EventType>(type: T, camera: CameraRef | null, data: EventDataByType[T]): DraftOf<T> {
  return {
    specversion: '1.0',
    source: sourceOf(type, camera?.id),
    type,
    datacontenttype: 'application/json',
    data,
  };
}

function faceData({ camera, track, trackKey, identity, frame }: TrackReport): FaceEventData {
  const evidence = evidenceOf(identity);
  return {
    camera: { id: camera.id, name: camera.name },
    track: {
      id: track.id,
      key: trackKey,
      ageMs: Math.round(track.lastSeenAt - track.firstSeenAt),
      hits: track.hits,
    },
    identity: personRefOf(identity),
    unknown: unknownOf(identity),
    ...(identity.state === 'held' && { held: heldOf(identity) }),
    ...poorViewOf(identity),
    distance: round(evidence?.distance ?? null, 4),
    threshold: round(evidence?.threshold ?? null, 4),
    margin: round(evidence?.margin ?? null, 4),
    confidence: round(evidence?.confidence ?? null, 4),
    box: roundBox(track.box),
    landmarks: track.detection?.landmarks.map(roundPoint) ?? null,
    frame: {
      sequence: frame.sequence,
      width: frame.width,
      height: frame.height,
      capturedAt: new Date(frame.capturedAt).toISOString(),
    },
    quality: round(evidence?.quality ?? null, 4),
    why: explanation(identity),
  };
}

function explanation(identity: Identity): FaceEventData['why'] {
  const evidence = evidenceOf(identity);
  return {
    summary: explain(identity),
    votes: evidence && { total: evidence.votes.total, inFavour: evidence.votes.inFavour },
    weight: round(evidence?.weight ?? null, 4),
    falseNameRate: evidence?.falseNameRate ?? null,
    calibratedOn: evidence?.calibratedOn ?? null,
    crops: (evidence?.crops ?? []).map(({ quality, distance, person }) => ({
      quality: round(quality, 4),
      distance: round(distance, 4),
      identity: person && { id: person.id, name: person.name },
    })),
    nearest: (evidence?.nearest ?? []).map(({ person, distance, centroidDistance, rejected, lookAlike }) => ({
      id: person.id,
      name: person.name,
      distance: round(distance, 4),
      centroidDistance: round(centroidDistance, 4),
      rejected,
      ...(lookAlike && {
        lookAlike: {
          id: lookAlike.person.id,
          name: lookAlike.person.name,
          threshold: round(lookAlike.threshold, 4),
        },
      }),
    })),
    times: evidence && roundTimes(evidence.times),
  };
}

/** The identity itself, whether it is held or not. */
function decided(identity: Identity): Exclude<Identity, { state: 'held' }> {
  return identity.state === 'held' ? identity.before : identity;
}

function evidenceOf(identity: Identity): IdentityEvidence | null {
  const itself = decided(identity);
  return itself.state === 'undecided' ? null : itself.evidence;
}

function heldOf({
  before,
  reason,
}: Extract<Identity, { state: 'held' }>): NonNullable<FaceEventData['held']> {
  return { identity: personRefOf(before), unknown: unknownOf(before), reason };
}

function poorViewOf(identity: Identity): Pick<FaceEventData, 'poorView'> {
  if (identity.state !== 'undecided' || identity.poorView === undefined) return {};
  const { reason, quality } = identity.poorView;
  return { poorView: { reason, quality: round(quality, 4) } };
}

function personRefOf(identity: Identity): Person | null {
  return identity.state === 'known' ? { id: identity.person.id, name: identity.person.name } : null;
}

function unknownOf(identity: Identity): UnknownRef | null {
  if (identity.state !== 'unknown' || identity.unknown === undefined) return null;
  const { id, number, seen } = identity.unknown;
  return { id, number, seen };
}

/** Rounds, because people read events too and digits beyond the precision of a measurement are noise. */
function round<T extends number | null>(value: T, digits: number): T {
  return (value === null ? null : Number(value.toFixed(digits))) as T;
}

function roundTimes({ queueMs, alignMs, embedMs, matchMs }: StageTimes): StageTimes {
  return {
    queueMs: round(queueMs, 1),
    alignMs: round(alignMs, 1),
    embedMs: round(embedMs, 1),
    matchMs: round(matchMs, 1),
  };
}

function roundPoint({ x, y }: Point): Point {
  return { x: round(x, 1), y: round(y, 1) };
}

function roundBox(box: Box): Box {
  return { ...roundPoint(box), width: round(box.width, 1), height: round(box.height, 1) };
}

/** Explains in one or two sentences why a face was, or was not, named. */
export function explain(identity: Identity): string {
  if (identity.state === 'undecided') return explainUndecided(identity.poorView);
  if (identity.state === 'held') return `${doubts[identity.reason]} ${explainDecided(identity.before)}`;
  return explainDecided(identity);
}

function explainUndecided(poorView: PoorView | undefined): string {
  if (poorView === undefined) return 'Recognition has not decided about this face.';
  return (
    `The face was seen too poorly to say who it is, or that it is a stranger: ${weaknesses[poorView.reason]}. ` +
    `The best look at it had a quality of ${figure(poorView.quality)}.`
  );
}

const doubts: Record<DoubtReason, string> = {
  hidden: 'The face was hidden for a while, and it is not certain yet that it is the same one. Before:',
  jumped: 'The face jumped, and it is not certain yet that it is the same one. Before:',
  overlapped: 'Another face was in the same place, and it is not certain yet which one this is. Before:',
  changed: 'The face changed abruptly, and it is not certain yet that it is the same one. Before:',
  contradicted: 'The face does not look like the one before, and it is being looked at again. Before:',
};

function explainDecided(identity: DecidedIdentity): string {
  return identity.state === 'known'
    ? explainKnown(identity.person.name, identity.evidence)
    : explainUnknown(identity.evidence);
}

function explainKnown(name: string, evidence: IdentityEvidence): string {
  const { votes, margin, nearest } = evidence;
  const lookAlike = nearest.find(({ person }) => person.name === name)?.lookAlike;
  const because = lookAlike ? ` because ${lookAlike.person.name} looks alike` : '';
  const agreement = `${votes.inFavour} of ${votes.total} observations of this face point to ${name}.`;
  if (evidence.distance === null) return agreement;
  const runnerUp = margin === null ? '' : `; the next person is ${figure(margin)} further away`;
  return (
    `${agreement} Together they are at distance ${figure(evidence.distance)} from the nearest photo, ` +
    `a name needs ${figure(evidence.threshold)} or less${because}${calibrated(evidence)}${runnerUp}.`
  );
}

/** If somebody is within the threshold and the face still has no name, the classifier rejected it. */
function explainUnknown(evidence: IdentityEvidence): string {
  const { nearest, threshold } = evidence;
  const [first] = nearest;
  if (first === undefined) return 'Nobody is enrolled yet, so nobody can be named.';
  const ruledOut = nearest.filter(({ rejected }) => rejected).map(({ person }) => person.name);
  const possible = nearest.find(({ rejected }) => !rejected);
  const sentences = [
    ...(ruledOut.length > 0 ? [`Somebody marked this face as not ${ruledOut.join(' nor ')}.`] : []),
    ...(possible
      ? [
          `The nearest person is ${possible.person.name} at distance ${figure(possible.distance)}; ` +
            (possible.distance > threshold
              ? `a name needs ${figure(threshold)} or less${calibrated(evidence)}.`
              : 'that is near enough, but the trained classifier does not confirm it.'),
        ]
      : []),
  ];
  return sentences.join(' ');
}

function calibrated({ calibratedOn }: IdentityEvidence): string {
  return calibratedOn === null ? '' : `, calibrated on ${calibratedOn} local people`;
}

function figure(distance: number): string {
  return distance.toFixed(2);
}
