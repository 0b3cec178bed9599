/** The codes with which the server closes a WebSocket; docs/protocol.md explains them. */
export const closeCodes = {
  /** The server stops. */
  goingAway: 1001,
  /** The client sent a message; there is nothing for it to say. */
  unsupportedData: 1003,
  /** The client of events reads too slowly: connect again with `since`. */
  tooSlow: 1013,
} as const;
