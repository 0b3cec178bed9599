import type { FaceOverlay } from '../annotate/overlay.js';
import { weaknesses } from '../core/face-quality.js';
import type { Identity, Track } from '../core/face.js';

/** A time that must hold at any rate of searches: the larger of a time and a number of intervals between searches. */
interface TimeLimit {
  readonly leastMs: number;
  readonly intervals: number;
}

/** @param intervalMs the interval between searches at present */
export function timeAt({ leastMs, intervals }: TimeLimit, intervalMs: number): number {
  return Math.max(leastMs, intervals * intervalMs);
}

/** After this long unseen a box is dashed: it shows where the face is expected. */
const expectedAfter: TimeLimit = { leastMs: 200, intervals: 1.25 };
/** After this long unseen a box is not drawn any more. */
const goneAfter: TimeLimit = { leastMs: 800, intervals: 1.75 };

/**
 * How a track is drawn: its box with name, confidence and track id; dashed also while the name is held. Undefined for a
 * tentative track, or one that was not seen for too long.
 * @param nowMs on the tracker's clock
 */
export function faceOverlay(
  track: Track,
  identity: Identity,
  nowMs: number,
  intervalMs: number,
): FaceOverlay | undefined {
  const unseenMs = nowMs - track.lastSeenAt;
  if (track.state === 'tentative' || unseenMs > timeAt(goneAfter, intervalMs)) return undefined;
  return {
    box: track.box,
    label: `${describe(identity)} #${track.id}`,
    tone: identity.state,
    dashed: identity.state === 'held' || unseenMs > timeAt(expectedAfter, intervalMs),
  };
}

function describe(identity: Identity): string {
  switch (identity.state) {
    case 'undecided':
      return identity.poorView ? `poor view: ${weaknesses[identity.poorView.reason]}` : '…';
    case 'unknown':
      return identity.unknown === undefined ? 'unknown' : `unknown ${identity.unknown.number}`;
    case 'known': {
      // An identity is never certain, so it never shows 100 %.
      const percent = Math.min(99, Math.round(identity.evidence.confidence * 100));
      return `${identity.person.name} ${percent}%`;
    }
    case 'held':
      return `${identity.before.state === 'known' ? identity.before.person.name : describe(identity.before)}?`;
  }
}
