import { SightlineError } from '../core/errors.js';
import { quote } from '../core/excerpt.js';
import type { Camera } from '../pipeline/camera.js';
import type { CameraControl } from './services.js';

/** @throws SightlineError CAMERA_UNKNOWN */
export function requireCamera(cameras: Pick<CameraControl, 'get'>, id: string): Camera {
  const camera = cameras.get(id);
  if (camera !== undefined) return camera;
  throw new SightlineError('CAMERA_UNKNOWN', `Expected the id of a camera but received ${quote(id)}.`);
}
