import { watch } from './client/index.js';

/** Widths that are asked for, so that viewers of about the same size share one encoding. */
const WIDTHS = [320, 480, 640, 960, 1280, 1920, 2560, 3840];

/** Draws the live picture of a camera on a canvas while it is started. */
export class VideoView {
  #cameraId;
  #canvas;
  #onPicture;
  #video = null;
  #width = null;

  /** `onPicture()` is called after each picture drawn. */
  constructor(cameraId, canvas, onPicture) {
    this.#cameraId = cameraId;
    this.#canvas = canvas;
    this.#onPicture = onPicture;
  }

  /** Subscribes, or subscribes anew when the canvas now needs another width. */
  start() {
    const width = widthFor(this.#canvas.clientWidth * window.devicePixelRatio);
    if (this.#video !== null && this.#width === width) return;
    this.stop();
    this.#width = width;
    this.#video = watch({ url: location.origin, camera: this.#cameraId, width });
    // Why it was refused, the cameras that are asked for at the same time tell.
    this.#show(this.#video).catch(() => this.stop());
  }

  stop() {
    this.#video?.close();
    this.#video = null;
  }

  /** The newest picture wins, so a slow browser drops frames and never lags behind. */
  async #show(video) {
    for await (const jpeg of video) {
      try {
        const bitmap = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
        if (video === this.#video) this.#draw(bitmap);
        else bitmap.close();
      } catch {
        // A picture that cannot be decoded is as good as one that was dropped.
      }
    }
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
