import { SightlineError } from '../core/errors.js';
import { quote } from '../core/excerpt.js';
import type { Camera } from '../pipeline/camera.js';
import type { CameraControl } from './services.js';

/** Gets a camera by its id. @throws SightlineError CAMERA_UNKNOWN */
export function requireCamera(cameras: Pick<CameraControl, 'get'>, id: string): Camera {
  const camera = cameras.get(id);
  if (camera !== undefined) return camera;
  throw new SightlineError('CAMERA_UNKNOWN', `There is no camera with the id ${quote(id)}.`);
}
