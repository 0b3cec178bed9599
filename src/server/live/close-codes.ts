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
