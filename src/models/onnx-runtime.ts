/**
 * The only way to ONNX Runtime; a lint rule keeps everything else from importing the library itself. Modules are
 * evaluated in the order of their imports, so that telemetry is off before the library is loaded. Whoever starts a
 * thread that runs networks imports this module as well, for a thread cannot switch telemetry off.
 */
import '../config/no-telemetry.js';

export { InferenceSession, Tensor } from 'onnxruntime-node';
