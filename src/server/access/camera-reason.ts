import type { ErrorCode } from '../../core/errors.js';
import { covers, type Role } from '../../core/roles.js';
import type { SightlineEvent } from '../../events/identity-event.js';

/** Why a camera shows no picture. */
interface Reason {
  readonly code: string;
  readonly message: string;
}

/** What a viewer reads; a code that is not listed has the general sentence. */
const plainSentences: Partial<Record<ErrorCode, string>> = {
  SOURCE_UNREACHABLE: 'The camera cannot be reached.',
  SOURCE_STALLED: 'The camera has stopped sending pictures.',
  SOURCE_AUTH_FAILED: 'The camera refuses the user name and password that are set for it.',
  SOURCE_NOT_FOUND: 'There is no camera at the address that is set for it.',
  SOURCE_FORBIDDEN: 'The address that is set for the camera is not allowed.',
  SOURCE_NOT_VIDEO: 'The camera sends something that is no video.',
  FFMPEG_MISSING: 'The program that reads the camera is missing.',
};
const generalSentence = 'The camera shows no picture because of an error.';

/**
 * The reason as somebody with this role may read it. The message names addresses inside the network and repeats what
 * devices there answered; that is for those who look after cameras, not for everybody who may watch them.
 */
export function reasonFor(role: Role, { code, message }: Reason): Reason {
  if (covers(role, 'operator')) return { code, message };
  return { code, message: plainSentences[code as ErrorCode] ?? generalSentence };
}

/** The event as somebody with this role may read it. */
export function eventFor(role: Role, event: SightlineEvent): SightlineEvent {
  if (event.type !== 'sightline.camera.offline' || event.data.reason === null) return event;
  return { ...event, data: { ...event.data, reason: reasonFor(role, event.data.reason) } };
}
