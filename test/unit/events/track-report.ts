import type {
  DecidedIdentity,
  DoubtReason,
  Identity,
  IdentityEvidence,
  Person,
  Track,
} from '../../../src/core/face.js';
import type { TrackReport } from '../../../src/events/build-event.js';

export const franck: Person = { id: 'p-franck', name: 'Franck' };
export const audrey: Person = { id: 'p-audrey', name: 'Audrey' };

export const evidence: IdentityEvidence = {
  distance: 0.812345,
  threshold: 1.02,
  falseNameRate: 0.001,
  calibratedOn: null,
  margin: 0.31,
  confidence: 0.934,
  votes: { total: 4, inFavour: 3 },
  weight: 2.123456,
  crops: [
    { quality: 0.9, distance: 0.851234, person: franck },
    { quality: 0.71, distance: 1.2, person: null },
  ],
  nearest: [
    { person: franck, distance: 0.812345, centroidDistance: 0.812345, rejected: false },
    { person: audrey, distance: 1.122345, centroidDistance: 1.122345, rejected: false },
  ],
  quality: 0.71,
  times: { queueMs: 0.123, alignMs: 1.26, embedMs: 4.04, matchMs: 0.4 },
};

export const undecided: Identity = { state: 'undecided' };
export const poorView: Identity = { state: 'undecided', poorView: { reason: 'mouth', quality: 0.31 } };
export const stranger: DecidedIdentity = {
  state: 'unknown',
  evidence: {
    ...evidence,
    distance: 1.3,
    nearest: [{ person: franck, distance: 1.3, centroidDistance: 1.3, rejected: false }],
  },
};

export function known(person: Person): DecidedIdentity {
  return { state: 'known', person, evidence };
}

export function held(before: DecidedIdentity, reason: DoubtReason = 'hidden'): Identity {
  return { state: 'held', before, reason };
}

const track: Track = {
  id: 7,
  state: 'confirmed',
  box: { x: 10.123, y: 20.987, width: 80, height: 100 },
  detection: {
    box: { x: 10, y: 21, width: 80, height: 100 },
    score: 0.98,
    landmarks: [
      { x: 30, y: 50 },
      { x: 70, y: 50 },
      { x: 50, y: 70 },
      { x: 35, y: 95 },
      { x: 65, y: 95 },
    ],
  },
  hits: 9,
  velocity: { x: 0, y: 0 },
  firstSeenAt: 1000,
  lastSeenAt: 1400.4,
};

/** Somebody at the front door. */
export function reportOf(identity: Identity, camera = { id: 'door', name: 'Front door' }): TrackReport {
  return {
    camera,
    track,
    trackKey: 'door/run-1/7',
    identity,
    frame: { sequence: 42, width: 640, height: 360, capturedAt: Date.UTC(2026, 10, 22, 9, 30) },
  };
}
