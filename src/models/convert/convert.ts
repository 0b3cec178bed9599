import { SightlineError } from '../../core/errors.js';
import { inceptionResnetV1 } from '../facenet/inception-resnet-v1.js';
import type { Asset } from '../manifest.js';
import { readStateDict } from '../pytorch/state-dict.js';
import { buildDlibResNet, readTfjsWeights } from './dlib-resnet.js';
import { dropTinyWeights, optimise } from './optimise.js';
import { addMediapipeMetadata } from './mediapipe-metadata.js';
import { readNetwork } from './read-tflite.js';
import { readOnnx } from './read-onnx.js';
import { writeOnnx } from './write-onnx.js';

/**
 * Converts the file of an asset into the file that Sightline loads.
 *
 * @param second the bytes of the second file, if the conversion names one
 * @throws SightlineError MODEL_CONVERSION_FAILED, WEIGHTS_INVALID
 */
export function convert(asset: Asset, bytes: Uint8Array, second: Uint8Array = new Uint8Array()): Uint8Array {
  try {
    switch (asset.conversion.kind) {
      case 'none':
        return bytes;
      case 'mediapipe-metadata':
        return addMediapipeMetadata(bytes);
      case 'tflite-to-onnx': {
        const { axisOrder, inputShape, outputs } = asset.conversion;
        const network = readNetwork(bytes, axisOrder, outputs);
        return writeOnnx(optimise(network), inputShape);
      }
      case 'pytorch-facenet':
        return writeOnnx(inceptionResnetV1(readStateDict(bytes)), ['N', 3, 160, 160]);
      case 'optimise-onnx': {
        const { inputShape, outputs } = asset.conversion;
        return writeOnnx(optimise(dropTinyWeights(readOnnx(bytes, outputs))), inputShape);
      }
      case 'dlib-to-onnx':
        return writeOnnx(buildDlibResNet(readTfjsWeights(second, bytes)), ['N', 3, 150, 150]);
    }
  } catch (error) {
    if (error instanceof SightlineError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SightlineError('MODEL_CONVERSION_FAILED', `${asset.id} could not be converted: ${reason}`, {
      cause: error,
    });
  }
}
