import { SightlineError } from '../../core/errors.js';
import type { Detection } from '../../core/face.js';
import { area, centre } from '../../core/geometry.js';
import type { RgbImage } from '../../core/image.js';

/** A face smaller than this share of the main face's area is a bystander. */
const bystanderArea = 1 / 3;

/**
 * Finds the face of the one person that a photo shows. Faces much smaller than the largest are ignored as bystanders.
 *
 * @throws SightlineError FACE_NOT_FOUND, FACE_AMBIGUOUS
 */
export function mainFace(detections: readonly Detection[]): Detection {
  const [largest, ...others] = [...detections].sort((a, b) => area(b.box) - area(a.box));
  if (!largest) throw new SightlineError('FACE_NOT_FOUND', 'Expected a photo of one face but found none');
  const rivals = others.filter(({ box }) => area(box) >= bystanderArea * area(largest.box));
  if (rivals.length === 0) return largest;
  const sizes = [largest, ...rivals].map(({ box }) => `${Math.round(box.width)}×${Math.round(box.height)}`);
  throw new SightlineError(
    'FACE_AMBIGUOUS',
    `Expected a photo of one face but found ${sizes.length} of similar size (${sizes.join(', ')} pixels)`,
  );
}

/**
 * Finds the subject of a photo that may show other people too, as in Labeled Faces in the Wild: a large face near the
 * middle. Faces are ranked by area minus twice the squared distance between the centres of face and picture.
 * @returns undefined when there is no face
 */
export function centralFace(
  detections: readonly Detection[],
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
): Detection | undefined {
  const prominence = ({ box }: Detection): number => {
    const { x, y } = centre(box);
    return area(box) - 2 * ((x - width / 2) ** 2 + (y - height / 2) ** 2);
  };
  return [...detections].sort((a, b) => prominence(b) - prominence(a))[0];
}
