/** The codes with which the server closes a WebSocket; docs/protocol.md explains them. */
export const closeCodes = {
  /** The server stops. */
  goingAway: 1001,
  /** The client sent a message; there is nothing for it to say. */
  unsupportedData: 1003,
  /** The server could not read what was to be replayed; the reason is a code of the error catalogue. */
  internalError: 1011,
  /** The client of events reads too slowly: connect again with `since`. */
  tooSlow: 1013,
  /** The camera was removed. */
  cameraRemoved: 4410,
} as const;
