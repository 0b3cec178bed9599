const firstMs = 100;
const mostMs = 10_000;

/** How long to wait after so many failures in a row: 0.1 s, doubling to 10 s. */
export function backOffMs(failures: number): number {
  return Math.min(firstMs * 2 ** (failures - 1), mostMs);
}
