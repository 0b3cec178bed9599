import { z } from 'zod';
import { at, transpose, type Conv, type Layer, type Network, type Weights } from './network.js';

/** Weights by name, kernels as [height, width, input, output]. */
type Tensors = ReadonlyMap<string, Weights>;

/** The residual blocks in order, with their names in face-api's file; `down` halves the size. */
const blocks = [
  { name: 'conv32_1' },
  { name: 'conv32_2' },
  { name: 'conv32_3' },
  { name: 'conv64_down', down: { pad: 0 } },
  { name: 'conv64_1' },
  { name: 'conv64_2' },
  { name: 'conv64_3' },
  { name: 'conv128_down', down: { pad: 0 } },
  { name: 'conv128_1' },
  { name: 'conv128_2' },
  { name: 'conv256_down', down: { pad: 1 } },
  { name: 'conv256_1' },
  { name: 'conv256_2' },
  { name: 'conv256_down_out', down: { pad: 1 } },
] as const satisfies readonly { name: string; down?: { pad: number } }[];

/**
 * dlib's face recognition ResNet, with 29 convolutions, from the weights of face-api: [N, 3, 150, 150] to [N, 128].
 * Source: dlib's examples/dnn_face_recognition_ex.cpp (King, 2017); He et al., CVPR 2016, with fewer layers.
 *
 * @param tensors the weights of face-api's file, as `readTfjsWeights` returns them
 * @throws Error if a weight is missing
 */
export function buildDlibResNet(tensors: Tensors): Network {
  const layers: Layer[] = [
    conv(tensors, 'conv32_down', 'input', 'stem', { stride: 2, pad: 0 }),
    { op: 'relu', inputs: ['stem'], output: 'stem_relu' },
    {
      op: 'maxpool',
      inputs: ['stem_relu'],
      output: 'stem_pool',
      kernel: [3, 3],
      stride: [2, 2],
      ceil: false,
    },
  ];
  let value = 'stem_pool';
  for (const block of blocks) {
    layers.push(...residual(tensors, block, value));
    value = block.name;
  }
  layers.push(meanAndDense(tensor(tensors, 'fc'), value, 'rows'));
  layers.push({ op: 'flatten', inputs: ['rows'], output: 'embedding' });
  return { input: 'input', outputs: ['embedding'], layers };
}

function residual(tensors: Tensors, block: { name: string; down?: { pad: number } }, input: string): Layer[] {
  const { name, down } = block;
  const [inner, innerRelu, outer, sum] = ['inner', 'inner_relu', 'outer', 'sum'].map(
    (part) => `${name}_${part}`,
  ) as [string, string, string, string];
  const first = conv(
    tensors,
    `${name}/conv1`,
    input,
    inner,
    down ? { stride: 2, pad: 0 } : { stride: 1, pad: 1 },
  );
  const layers: Layer[] = [
    first,
    { op: 'relu', inputs: [inner], output: innerRelu },
    conv(tensors, `${name}/conv2`, innerRelu, outer, { stride: 1, pad: 1 }),
  ];
  const shortcut = down ? `${name}_pool` : input;
  const [outputs, inputs] = first.weights.shape as [number, number];
  if (down) layers.push(averagePool(input, shortcut, inputs, outputs));
  const grown = down?.pad ? `${name}_grown` : outer;
  if (down?.pad) layers.push(padAtEnd(outer, grown, outputs, down.pad));
  layers.push({ op: 'add', inputs: [grown, shortcut], output: sum });
  layers.push({ op: 'relu', inputs: [sum], output: name });
  return layers;
}

/** A convolution with the scale and shift of each channel folded in. */
function conv(
  tensors: Tensors,
  name: string,
  input: string,
  output: string,
  { stride, pad }: { stride: number; pad: number },
): Conv {
  const kernels = transpose(tensor(tensors, `${name}/conv/filters`), [3, 2, 0, 1]);
  const [bias, scale, shift] = ['conv/bias', 'scale/weights', 'scale/biases'].map(
    (part) => tensor(tensors, `${name}/${part}`).data,
  ) as [Float32Array, Float32Array, Float32Array];
  const size = kernels.data.length / bias.length;
  const data = kernels.data.map((weight, index) => weight * at(scale, Math.floor(index / size)));
  return {
    op: 'conv',
    inputs: [input],
    output,
    weights: { shape: kernels.shape, data },
    bias: bias.map((value, channel) => value * at(scale, channel) + at(shift, channel)),
    groups: 1,
    stride: [stride, stride],
    pads: [pad, pad, pad, pad],
  };
}

/** One convolution for the mean of each 2×2 pixels, with channels of zeros added. */
function averagePool(input: string, output: string, inputs: number, outputs: number): Conv {
  const data = new Float32Array(outputs * inputs * 4);
  for (let channel = 0; channel < inputs; channel++) {
    const start = (channel * inputs + channel) * 4;
    data.fill(1 / 4, start, start + 4);
  }
  return { ...plainConv(input, output, { shape: [outputs, inputs, 2, 2], data }), stride: [2, 2] };
}

/**
 * Adds zeros at the bottom and on the right where the shortcut is larger, by a 1×1 convolution that changes nothing
 * else.
 */
function padAtEnd(input: string, output: string, channels: number, pad: number): Conv {
  const ones = { shape: [channels, 1, 1, 1], data: new Float32Array(channels).fill(1) };
  return { ...plainConv(input, output, ones), groups: channels, pads: [0, 0, pad, pad] };
}

/** One convolution for the mean of the last 2×2 pixels and the fully-connected layer after it. */
function meanAndDense(weights: Weights, input: string, output: string): Conv {
  const { shape, data } = transpose(weights, [1, 0]);
  const spread = Float32Array.from({ length: data.length * 4 }, (_, index) => at(data, index >> 2) / 4);
  return plainConv(input, output, { shape: [...shape, 2, 2], data: spread });
}

function plainConv(input: string, output: string, weights: Weights): Conv {
  const [stride, pads] = [[1, 1] as const, [0, 0, 0, 0] as const];
  return { op: 'conv', inputs: [input], output, weights, bias: null, groups: 1, stride, pads };
}

function tensor(tensors: Tensors, name: string): Weights {
  const found = tensors.get(name);
  if (!found) throw new Error(`expected weights called ${name} but the file has none`);
  return found;
}

const listedWeight = z.object({
  name: z.string(),
  shape: z.array(z.int().positive()),
  dtype: z.literal('float32'),
  /** If present, each number is stored as one byte q and stands for q · scale + min; otherwise as a float. */
  quantization: z.object({ dtype: z.literal('uint8'), scale: z.number(), min: z.number() }).optional(),
});
type ListedWeight = z.infer<typeof listedWeight>;

const weightsManifest = z.tuple([z.object({ weights: z.array(listedWeight) })]);

/**
 * Reads the weights of a TensorFlow.js model, by name.
 *
 * @param manifest the text of weights_manifest.json, which lists the weights in the order of the bytes
 * @throws Error if the two files do not belong together
 */
export function readTfjsWeights(manifest: Uint8Array, bytes: Uint8Array): Map<string, Weights> {
  const [{ weights }] = weightsManifest.parse(JSON.parse(Buffer.from(manifest).toString('utf8')));
  const tensors = new Map<string, Weights>();
  let start = 0;
  for (const weight of weights) {
    const count = weight.shape.reduce((product, size) => product * size, 1);
    const end = start + count * (weight.quantization ? 1 : Float32Array.BYTES_PER_ELEMENT);
    tensors.set(weight.name, { shape: weight.shape, data: toFloats(bytes.subarray(start, end), weight) });
    start = end;
  }
  if (start !== bytes.length) throw new Error(`expected ${start} bytes but the file has ${bytes.length}`);
  return tensors;
}

function toFloats(stored: Uint8Array, { quantization }: ListedWeight): Float32Array {
  // Copied, because the numbers in a file need not lie at a multiple of four in memory.
  if (!quantization) return new Float32Array(Uint8Array.from(stored).buffer);
  const { scale, min } = quantization;
  return Float32Array.from(stored, (value) => value * scale + min);
}
