import type { Identity, Person, StageTimes, Track, UnknownRef } from '../core/face.js';
import type { Box, Point } from '../core/geometry.js';
import type { FrameRef } from '../core/track-observer.js';
import { explain } from './explain.js';
import type { CameraRef, DraftOf, EventDataByType, EventType, FaceEventData } from './identity-event.js';

/** A face in a frame of a camera, with what recognition says about it at that moment. */
export interface Sighting {
  readonly camera: CameraRef;
  readonly track: Track;
  /** Of no other track, of whichever camera and run. */
  readonly trackKey: string;
  readonly identity: Identity;
  readonly frame: FrameRef;
}

/** A face came into view and stayed long enough to be followed. */
export function trackStarted(sighting: Sighting): DraftOf<'sightline.track.started'> {
  return draft('sightline.track.started', sighting.camera, faceData(sighting));
}

/** A face left the view; the identity is the last one decided. */
export function trackEnded(sighting: Sighting): DraftOf<'sightline.track.ended'> {
  return draft('sightline.track.ended', sighting.camera, faceData(sighting));
}

/** A face without a name got one. */
export function identityRecognized(sighting: Sighting): DraftOf<'sightline.identity.recognized'> {
  return draft('sightline.identity.recognized', sighting.camera, faceData(sighting));
}

/** It was first decided that nobody enrolled has this face. */
export function identityUnknown(sighting: Sighting): DraftOf<'sightline.identity.unknown'> {
  return draft('sightline.identity.unknown', sighting.camera, faceData(sighting));
}

/** A name was replaced or withdrawn. @param previous what was thought of the face before */
export function identityChanged(
  sighting: Sighting,
  previous: Identity,
): DraftOf<'sightline.identity.changed'> {
  const data = { ...faceData(sighting), previous: personRefOf(previous) };
  return draft('sightline.identity.changed', sighting.camera, data);
}

/** A camera shows pictures (again). */
export function cameraOnline(camera: CameraRef): DraftOf<'sightline.camera.online'> {
  return draft('sightline.camera.online', camera, { camera, reason: null });
}

/** A camera stopped showing pictures; `reason` carries no credentials. */
export function cameraOffline(
  camera: CameraRef,
  reason: { readonly code: string; readonly message: string } | null,
): DraftOf<'sightline.camera.offline'> {
  return draft('sightline.camera.offline', camera, { camera, reason });
}

function draft<T extends EventType>(type: T, camera: CameraRef, data: EventDataByType[T]): DraftOf<T> {
  return {
    specversion: '1.0',
    source: `/cameras/${encodeURIComponent(camera.id)}`,
    type,
    datacontenttype: 'application/json',
    data,
  };
}

function faceData({ camera, track, trackKey, identity, frame }: Sighting): FaceEventData {
  const evidence = identity.state === 'undecided' ? null : identity.evidence;
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
  const evidence = identity.state === 'undecided' ? null : identity.evidence;
  return {
    summary: explain(identity),
    votes: evidence && { total: evidence.votes.total, inFavour: evidence.votes.inFavour },
    weight: round(evidence?.weight ?? null, 4),
    falseNameRate: evidence?.falseNameRate ?? null,
    crops: (evidence?.crops ?? []).map(({ quality, distance, person }) => ({
      quality: round(quality, 4),
      distance: round(distance, 4),
      identity: person && { id: person.id, name: person.name },
    })),
    nearest: (evidence?.nearest ?? []).map(({ person, distance, centroidDistance, rejected }) => ({
      id: person.id,
      name: person.name,
      distance: round(distance, 4),
      centroidDistance: round(centroidDistance, 4),
      rejected,
    })),
    times: evidence && roundTimes(evidence.times),
  };
}

function personRefOf(identity: Identity): Person | null {
  return identity.state === 'known' ? { id: identity.person.id, name: identity.person.name } : null;
}

function unknownOf(identity: Identity): UnknownRef | null {
  if (identity.state !== 'unknown' || identity.unknown === undefined) return null;
  const { id, number, seen } = identity.unknown;
  return { id, number, seen };
}

/** Events are read by people too: more digits than the measurement has only hide it. */
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
