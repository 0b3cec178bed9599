import type { OperatorName, TfliteOperator } from './tflite.js';

/** Which operator computes a tensor. */
type Producers = ReadonlyMap<number, TfliteOperator>;

/** A PReLU found in simpler operators: the slopes are `scale` times the weights of tensor `factors`. */
export interface PReluMatch {
  readonly input: number;
  readonly factors: number;
  readonly scale: 1 | 2;
}

/**
 * Recognises both ways in which exporters spell out PReLU:
 * relu(x) + α · −relu(−x), so the slope is α; and relu(x) + c · (x − |x|), so the slope is 2c.
 */
export function matchPRelu(add: TfliteOperator, producers: Producers): PReluMatch | null {
  const positive = producedBy(add.inputs[0], 'RELU', producers);
  const scaled = producedBy(add.inputs[1], 'MUL', producers);
  const [input] = positive?.inputs ?? [];
  const [factors, negative] = scaled?.inputs ?? [];
  if (input === undefined || factors === undefined) return null;
  if (isNegativePart(negative, input, producers)) return { input, factors, scale: 1 };
  if (isTwiceNegativePart(negative, input, producers)) return { input, factors, scale: 2 };
  return null;
}

/** −relu(−x) */
function isNegativePart(tensor: number | undefined, input: number, producers: Producers): boolean {
  const outer = producedBy(tensor, 'NEG', producers);
  const relu = producedBy(outer?.inputs[0], 'RELU', producers);
  const inner = producedBy(relu?.inputs[0], 'NEG', producers);
  return inner?.inputs[0] === input;
}

/** x − |x| */
function isTwiceNegativePart(tensor: number | undefined, input: number, producers: Producers): boolean {
  const difference = producedBy(tensor, 'SUB', producers);
  const absolute = producedBy(difference?.inputs[1], 'ABS', producers);
  return difference?.inputs[0] === input && absolute?.inputs[0] === input;
}

/** The input of exp(x − max x) / Σ exp(x − max x), or null. */
export function matchSoftmax(div: TfliteOperator, producers: Producers): number | null {
  const exponential = producedBy(div.inputs[0], 'EXP', producers);
  const sum = producedBy(div.inputs[1], 'SUM', producers);
  const shifted = producedBy(exponential?.inputs[0], 'SUB', producers);
  const maximum = producedBy(shifted?.inputs[1], 'REDUCE_MAX', producers);
  const input = shifted?.inputs[0];
  const fits = sum?.inputs[0] === exponential?.output && maximum?.inputs[0] === input;
  return fits && input !== undefined && maximum ? input : null;
}

function producedBy(
  tensor: number | undefined,
  name: OperatorName,
  producers: Producers,
): TfliteOperator | undefined {
  const operator = tensor === undefined ? undefined : producers.get(tensor);
  return operator?.name === name ? operator : undefined;
}
