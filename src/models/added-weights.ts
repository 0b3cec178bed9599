/** The weights of a network that a user added: a file of the models cache that no manifest pins. */
export interface AddedWeights {
  /** The name under which the network was added. */
  readonly id: string;
  /** SHA-256 of the file in hexadecimal, as it was when the network was added. */
  readonly sha256: string;
  /** Where it can be fetched again; null for one that came from a file. */
  readonly url: string | null;
  /** File name in the cache. Data folders that share a cache may call different weights the same, so it is the hash. */
  readonly file: string;
  /** The file is used as it is. */
  readonly conversion: null;
}

export function addedWeights(id: string, sha256: string, url: string | null): AddedWeights {
  return { id, sha256, url, file: `own-${sha256}.onnx`, conversion: null };
}
