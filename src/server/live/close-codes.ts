import type { WebSocket } from 'ws';
import { cutBytes } from '../../core/excerpt.js';
import { problemOf } from '../problem.js';

/** The codes with which the server closes a WebSocket; docs/protocol.md explains them. */
export const closeCodes = {
  /** The server stops. */
  goingAway: 1001,
  /** The client sent a message; there is nothing for it to say. */
  unsupportedData: 1003,
  /** The server could not do what it should; the reason begins with a code of the error catalogue. */
  internalError: 1011,
  /** The client of events reads too slowly: connect again with `since`. */
  tooSlow: 1013,
  /** These refuse a request. The reason begins with a code of the error catalogue. */
  requestInvalid: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  unknown: 4404,
  rateLimited: 4429,
  notReady: 4503,
  /** The camera was removed. */
  cameraRemoved: 4410,
} as const;

/** What of a reason fits into a close frame. */
const maxReasonBytes = 123;
/** How long a refused client may take to say goodbye. */
const goodbyeMs = 2000;

/**
 * Closes a WebSocket whose request may not pass. After the handshake, because a browser does not tell a page why one
 * failed: of a refused handshake it sees 1006, whatever the answer was.
 */
export function refuseSocket(socket: WebSocket, error: unknown): void {
  const { status, code, detail } = problemOf(error);
  socket.close(closeCodeFor(status), cutBytes(`${code}: ${detail}`, maxReasonBytes));
  const timer = setTimeout(() => socket.terminate(), goodbyeMs);
  socket.once('close', () => clearTimeout(timer));
}

/** 4000 and the HTTP status, where that is documented. */
function closeCodeFor(status: number): number {
  // A URL that is too long is one more invalid request.
  const code = 4000 + (status === 414 ? 400 : status);
  return Object.values<number>(closeCodes).includes(code) ? code : closeCodes.internalError;
}
