import { SightlineError } from '../core/errors.js';
import type { Camera, CameraStatus, CameraView, Picture, PictureVariant } from './camera.js';

/**
 * How long the newest picture may take: a large stream beside a small one is decoded from its last key frame first, which
 * takes seconds on a busy machine. Home Assistant gives up after ten.
 */
const latestTimeoutMs = 8000;

interface Watcher {
  readonly variant: PictureVariant;
  readonly listener: (picture: Picture) => void;
  stop: () => void;
}

/** A camera that outlives its sessions: watchers are carried over to the next session. */
export class CameraHandle implements Camera {
  readonly #watchers = new Set<Watcher>();
  readonly #removalListeners = new Set<() => void>();
  readonly #onError: (error: unknown) => void;
  #view: CameraView;

  /** @param onError called with whatever a removal listener threw */
  constructor(view: CameraView, onError: (error: unknown) => void) {
    this.#view = view;
    this.#onError = onError;
  }

  /** Switches to another session. The caller closes the previous one. */
  use(view: CameraView): void {
    this.#view = view;
    for (const watcher of this.#watchers) {
      watcher.stop();
      watcher.stop = view.watch(watcher.variant, watcher.listener);
    }
  }

  /** Tells the listeners that the camera was removed. */
  remove(): void {
    const listeners = [...this.#removalListeners];
    this.#removalListeners.clear();
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  status(): CameraStatus {
    return this.#view.status();
  }

  watch(variant: PictureVariant, listener: (picture: Picture) => void): () => void {
    const watcher = { variant, listener, stop: this.#view.watch(variant, listener) };
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      watcher.stop();
    };
  }

  latest(variant: PictureVariant): Promise<Picture> {
    return new Promise((resolve, reject) => {
      const stop = this.watch(variant, (picture) => {
        clearTimeout(timer);
        stop();
        resolve(picture);
      });
      const timer = setTimeout(() => {
        stop();
        const { id, state } = this.status();
        reject(new SightlineError('CAMERA_NO_FRAME', `Camera ${id} gave no picture; it is ${state}.`));
      }, latestTimeoutMs);
    });
  }

  onRemoved(listener: () => void): () => void {
    this.#removalListeners.add(listener);
    return () => void this.#removalListeners.delete(listener);
  }
}
