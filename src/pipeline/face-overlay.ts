import type { FaceOverlay } from '../annotate/overlay.js';
import type { Identity, Track } from '../core/face.js';

/** Unseen for so long, a box is dashed: it shows where the face is expected. */
const expectedAfterMs = 200;
/** Unseen for so long, it is drawn no more: it would hang where nobody is. */
const goneAfterMs = 800;

/**
 * How a track is drawn at a moment on the tracker's clock: its box, with name, confidence and track id; undefined for
 * a track that is not certain yet, or not any more.
 */
export function faceOverlay(track: Track, identity: Identity, nowMs: number): FaceOverlay | undefined {
  const unseenMs = nowMs - track.lastSeenAt;
  if (track.state === 'tentative' || unseenMs > goneAfterMs) return undefined;
  return {
    box: track.box,
    label: `${describe(identity)} #${track.id}`,
    tone: identity.state,
    dashed: unseenMs > expectedAfterMs,
  };
}

function describe(identity: Identity): string {
  if (identity.state === 'undecided') return '…';
  if (identity.state === 'unknown')
    return identity.unknown === undefined ? 'unknown' : `unknown ${identity.unknown.number}`;
  // Nobody is ever certain.
  const percent = Math.min(99, Math.round(identity.evidence.confidence * 100));
  return `${identity.person.name} ${percent}%`;
}
