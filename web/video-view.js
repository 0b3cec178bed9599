import { ReconnectingSocket } from './reconnecting-socket.js';

/** Widths that are asked for, so that viewers of about the same size share one encoding. */
const WIDTHS = [320, 480, 640, 960, 1280, 1920, 2560, 3840];

/** Draws the live picture of a camera on a canvas while it is started. */
export class VideoView {
  #cameraId;
  #canvas;
  #onPicture;
  #socket = null;
  #width = null;
  #waiting = null;
  #isDrawing = false;

  /** `onPicture()` is called after each picture drawn. */
  constructor(cameraId, canvas, onPicture) {
    this.#cameraId = cameraId;
    this.#canvas = canvas;
    this.#onPicture = onPicture;
  }

  /** Subscribes, or subscribes anew when the canvas now needs another width. */
  start() {
    const width = widthFor(this.#canvas.clientWidth * window.devicePixelRatio);
    if (this.#socket !== null && this.#width === width) return;
    this.stop();
    this.#width = width;
    const path = `/ws/video/${encodeURIComponent(this.#cameraId)}?width=${width}`;
    this.#socket = new ReconnectingSocket({ address: () => path, onMessage: (blob) => this.#offer(blob) });
  }

  stop() {
    this.#socket?.close();
    this.#socket = null;
    this.#waiting = null;
  }

  /** The newest picture wins: one that waits is replaced, so a slow browser drops frames and never lags behind. */
  #offer(blob) {
    this.#waiting = blob;
    if (!this.#isDrawing) void this.#drawWaiting();
  }

  async #drawWaiting() {
    this.#isDrawing = true;
    while (this.#waiting !== null) {
      const blob = this.#waiting;
      this.#waiting = null;
      try {
        this.#draw(await createImageBitmap(blob));
      } catch {
        // A picture that cannot be decoded is as good as one that was dropped.
      }
    }
    this.#isDrawing = false;
  }

  #draw(bitmap) {
    const canvas = this.#canvas;
    // Setting a size clears the canvas, so only when it changes.
    if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
    if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
    canvas.getContext('2d', { alpha: false }).drawImage(bitmap, 0, 0);
    bitmap.close();
    this.#onPicture();
  }
}

function widthFor(pixels) {
  return WIDTHS.find((width) => width >= pixels) ?? WIDTHS.at(-1);
}
