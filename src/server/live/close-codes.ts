import type { WebSocket } from 'ws';
import { cutBytes } from '../../core/excerpt.js';
import { problemOf } from '../problem.js';

/** The codes with which the server closes a WebSocket; docs/protocol.md explains them. */
export const closeCodes = {
  /** The server is shutting down. */
  goingAway: 1001,
  /** The client sent a message, although this protocol has none for clients to send. */
  unsupportedData: 1003,
  /** The server failed; the reason begins with a code of the error catalogue. */
  internalError: 1011,
  /** A client of events reads too slowly; it should reconnect with `since`. */
  tooSlow: 1013,
  /** The following refuse a request. The reason begins with a code of the error catalogue. */
  requestInvalid: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  unknown: 4404,
  rateLimited: 4429,
  notReady: 4503,
  /** The camera was removed. */
  cameraRemoved: 4410,
} as const;

/** The longest reason that fits into a close frame. */
const maxReasonBytes = 123;
/** How long a refused client may take to answer the close. */
const goodbyeMs = 2000;

/**
 * Closes a WebSocket whose request is refused. This happens after the handshake, because a browser hides from a page why
 * a handshake failed: the page would see 1006, whatever the answer was.
 */
export function refuseSocket(socket: WebSocket, error: unknown): void {
  const { status, code, detail } = problemOf(error);
  socket.close(closeCodeFor(status), cutBytes(`${code}: ${detail}`, maxReasonBytes));
  const timer = setTimeout(() => socket.terminate(), goodbyeMs);
  socket.once('close', () => clearTimeout(timer));
}

/** 4000 plus the HTTP status, if that close code is documented. */
function closeCodeFor(status: number): number {
  // A URL that is too long is one more invalid request.
  const code = 4000 + (status === 414 ? 400 : status);
  return Object.values<number>(closeCodes).includes(code) ? code : closeCodes.internalError;
}
