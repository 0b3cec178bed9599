import type { Network } from '../convert/network.js';
import type { StateDict } from '../pytorch/state-dict.js';
import { LayerList, Parameters, type Value } from './layers.js';

const embeddingSize = 512;
const halving = { stride: 2, padding: 'valid' } as const;

/**
 * FaceNet's network in the shape that facenet-pytorch trained: InceptionResnetV1 for pictures [N, 3, 160, 160],
 * (x − 127.5) / 128, RGB, to `embedding` [N, 512], not normalised. Values are named after PyTorch's modules. Batch
 * normalisation is folded into the weights in front of it.
 *
 * Sources: Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", 2016,
 * figures 10–13; Schroff et al., "FaceNet", 2015; parameters of https://github.com/timesler/facenet-pytorch
 *
 * @throws SightlineError WEIGHTS_INVALID unless the file has exactly the network's parameters, and at most those of
 * training besides: batch counts, and the layer that classified the people of the training set
 */
export function inceptionResnetV1(file: StateDict): Network {
  const parameters = new Parameters(file);
  const list = new LayerList(parameters);
  let value = stem(list, { name: 'input', channels: 3 });
  for (let index = 0; index < 5; index++) value = block35(list, value, `repeat_1.${index}`);
  value = mixed6a(list, value);
  for (let index = 0; index < 10; index++) value = block17(list, value, `repeat_2.${index}`);
  value = mixed7a(list, value);
  for (let index = 0; index < 5; index++) {
    value = list.relu(block8(list, value, `repeat_3.${index}`, 0.2), `repeat_3.${index}`);
  }
  value = block8(list, value, 'block8', 1);
  const names = { pool: 'avgpool_1a', linear: 'last_linear', norm: 'last_bn' };
  list.embedding(value, names, 'embedding', embeddingSize);
  parameters.drop('logits.weight', 'float32', [null, embeddingSize]);
  parameters.drop('logits.bias', 'float32', [null]);
  parameters.requireAllTaken();
  return { input: 'input', outputs: ['embedding'], layers: list.layers };
}

/** 160×160×3 to 17×17×256 */
function stem(list: LayerList, input: Value): Value {
  let value = list.conv(input, 'conv2d_1a', 32, 3, halving);
  value = list.conv(value, 'conv2d_2a', 32, 3, { padding: 'valid' });
  value = list.conv(value, 'conv2d_2b', 64, 3);
  value = list.maxPool(value, 'maxpool_3a');
  value = list.conv(value, 'conv2d_3b', 80, 1);
  value = list.conv(value, 'conv2d_4a', 192, 3, { padding: 'valid' });
  return list.conv(value, 'conv2d_4b', 256, 3, halving);
}

function block35(list: LayerList, input: Value, name: string): Value {
  const branches = [
    list.conv(input, `${name}.branch0`, 32, 1),
    list.chain(input, `${name}.branch1`, [32, 1], [32, 3]),
    list.chain(input, `${name}.branch2`, [32, 1], [32, 3], [32, 3]),
  ];
  return list.relu(list.residual(input, branches, name, 0.17), name);
}

/** To 8×8×896 */
function mixed6a(list: LayerList, input: Value): Value {
  const branches = [
    list.conv(input, 'mixed_6a.branch0', 384, 3, halving),
    list.chain(input, 'mixed_6a.branch1', [192, 1], [192, 3], [256, 3, halving]),
    list.maxPool(input, 'mixed_6a.branch2'),
  ];
  return list.concat(branches, 'mixed_6a');
}

function block17(list: LayerList, input: Value, name: string): Value {
  const branches = [
    list.conv(input, `${name}.branch0`, 128, 1),
    list.chain(input, `${name}.branch1`, [128, 1], [128, [1, 7]], [128, [7, 1]]),
  ];
  return list.relu(list.residual(input, branches, name, 0.1), name);
}

/** To 3×3×1792 */
function mixed7a(list: LayerList, input: Value): Value {
  const branches = [
    list.chain(input, 'mixed_7a.branch0', [256, 1], [384, 3, halving]),
    list.chain(input, 'mixed_7a.branch1', [256, 1], [256, 3, halving]),
    list.chain(input, 'mixed_7a.branch2', [256, 1], [256, 3], [256, 3, halving]),
    list.maxPool(input, 'mixed_7a.branch3'),
  ];
  return list.concat(branches, 'mixed_7a');
}

/** Returns the sum without a ReLU, because the last of these blocks has none. */
function block8(list: LayerList, input: Value, name: string, scale: number): Value {
  const branches = [
    list.conv(input, `${name}.branch0`, 192, 1),
    list.chain(input, `${name}.branch1`, [192, 1], [192, [1, 3]], [192, [3, 1]]),
  ];
  return list.residual(input, branches, name, scale);
}
