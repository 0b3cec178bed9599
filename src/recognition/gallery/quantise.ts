/**
 * Rounds a vector to whole numbers, −`most` to `most`, times a scale: no value is further off than half the scale.
 * @param codes takes the whole numbers
 * @returns the scale, in single precision; 0 for a vector of zeros
 */
export function quantise(vector: Float32Array, most: number, codes: Int8Array | Int16Array): number {
  let largest = 0;
  for (let index = 0; index < vector.length; index++) {
    largest = Math.max(largest, Math.abs(vector[index] as number));
  }
  const scale = Math.fround(largest / most);
  const perScale = scale === 0 ? 0 : 1 / scale;
  for (let index = 0; index < vector.length; index++) {
    const code = Math.round((vector[index] as number) * perScale);
    codes[index] = Math.min(most, Math.max(-most, code));
  }
  return scale;
}
