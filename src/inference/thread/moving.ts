import { move, transferableSymbol, valueSymbol } from 'piscina';

/** The replies of a worker in the form in which their buffers move to the pool instead of being copied. */
export function moving<Reply>(replies: Reply[], buffers: readonly ArrayBuffer[]): Reply[] {
  return move({ [transferableSymbol]: buffers, [valueSymbol]: replies }) as unknown as Reply[];
}
