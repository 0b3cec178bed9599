import type { OverloadReason } from './overload-watch.js';
import type { SearchState } from './search-pace.js';

/** State of a camera. `ended`: a file was played to its end; `failed`: an error that retrying cannot fix. */
export type CameraState = 'connecting' | 'online' | 'offline' | 'ended' | 'failed';

/** The public status of a camera, without credentials. */
export interface CameraStatus {
  readonly id: string;
  readonly name: string;
  readonly state: CameraState;
  /** Milliseconds since the epoch of the last change of `state`. */
  readonly since: number;
  /** The source with user name and password removed. */
  readonly source: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Frames that ffmpeg decodes per second, and frames searched for faces per second, over the last few seconds. */
  readonly framesPerSecond: number;
  readonly detectionsPerSecond: number;
  /** How often it is searched. */
  readonly searching: SearchState;
  /** Why it is searched too seldom; null if it is not. */
  readonly overloaded: OverloadReason | null;
  /** Frames decoded since the camera was set up; frames dropped since its last start, by cause. */
  readonly frames: number;
  readonly dropped: Readonly<Record<DropCause, number>>;
  readonly detector: string;
  /** Faces in view now. */
  readonly faces: number;
}

/**
 * `pool`: every frame buffer was in use; `encode` and `search`: a newer frame came while an older one waited for its
 * encoding or its search; `idle`: not searched, because nothing moved.
 */
export type DropCause = 'pool' | 'encode' | 'search' | 'idle' | 'unmatched';

/** The variant of a picture that a viewer asks for. */
export interface PictureVariant {
  /** Width in pixels, never more than the camera's; null for the camera's own. */
  readonly width: number | null;
  /** Whether boxes and names are drawn. */
  readonly overlay: boolean;
}

/** One encoded frame. */
export interface Picture {
  readonly jpeg: Buffer;
  readonly sequence: number;
  readonly capturedAt: number;
}

/** What viewers see of one camera session. */
export interface CameraView {
  status(): CameraStatus;
  /** Calls `listener` with each new picture of this variant until the returned function is called. */
  watch(variant: PictureVariant, listener: (picture: Picture) => void): () => void;
}

/** The handle of a camera for the server. It survives changes and restarts of the camera, and so do its watchers. */
export interface Camera extends CameraView {
  /** The newest picture, encoded on demand; rejects with CAMERA_NO_FRAME when there is none within 3 s. */
  latest(variant: PictureVariant): Promise<Picture>;
  /** Calls `listener` when the camera is removed, unless the returned function is called before. */
  onRemoved(listener: () => void): () => void;
}
