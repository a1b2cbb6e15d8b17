/**
 * TensorFlow.js on its WebGPU backend. Its own way to a device fails under Deno (it asks for a
 * feature by a name in a list in a list), so it is given one with the limits that it would ask for.
 *
 * @module
 */
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients
import { type Device, openDevice, settle } from "../../kernels/gpu/device.ts";
import {
  byKind,
  type Contender,
  type Floats,
  type GemmCase,
  inputsOf,
  type Prepared,
  type Results,
  resultsOf,
  type StepCase,
  type SwigluCase,
  versionOf,
} from "./peer.ts";
import { ropeTables } from "./rope.ts";
import { type Constants, type State, swiglu, trainStep } from "./tfjs_model.ts";

/** Submits what is encoded and waits for the device. */
async function finish(device: Device): Promise<void> {
  const backend = tf.backend() as WebGPUBackend;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await settle(device);
}

/** Floats of a tensor. */
async function read(tensor: tf.Tensor): Promise<Floats> {
  return Float32Array.from(await tensor.data());
}

/** Calls a function again and again; a disposed output has been encoded, and so is computed. */
function repeated(
  device: Device,
  c: GemmCase | SwigluCase,
  call: (inputs: tf.Tensor2D[]) => tf.Tensor[],
): Prepared {
  const inputs = inputsOf(c).map(({ values, shape }) => tf.tensor2d(values, shape));
  let last: tf.Tensor[] = [];
  return {
    async run(repetitions) {
      for (let i = 0; i < repetitions; i++) {
        tf.dispose(last);
        last = tf.tidy(() => call(inputs));
      }
      await finish(device);
    },
    async results() {
      const results: Results = {};
      for (const [i, name] of resultsOf(c).entries()) results[name] = await read(last[i]);
      return results;
    },
    renew(values) {
      const [{ shape }] = inputs;
      inputs[0].dispose();
      inputs[0] = tf.tensor2d(values, shape);
    },
    dispose: () => tf.dispose([inputs, last]),
  };
}

function prepareGemm(device: Device, c: GemmCase): Prepared {
  const { layout } = c;
  return repeated(device, c, ([x, y]) => [tf.matMul(x, y, layout === "TN", layout === "NT")]);
}

function prepareSwiglu(device: Device, c: SwigluCase): Prepared {
  const forward = (...[x, wgate, wup, wdown]: tf.Tensor[]) => swiglu(x, wgate, wup, wdown);
  return repeated(device, c, (inputs) => {
    const { value, grads } = tf.valueAndGrads(forward)(inputs.slice(0, -1), inputs.at(-1)!);
    return [value, ...grads];
  });
}

function prepareStep(device: Device, c: StepCase): Prepared {
  const { seq, shape, adamw, weights } = c, tables = ropeTables(seq, shape.headWidth);
  const sizes = weights.map((w) => w.values.length), count = sizes.reduce((a, b) => a + b, 0);
  const flat = new Float32Array(count), keep = new Float32Array(count).fill(1);
  const mask = Float32Array.from(
    { length: seq * seq },
    (_, i) => i % seq > Math.floor(i / seq) ? -1e30 : 0,
  );
  let at = 0;
  for (const { name, values } of weights) {
    flat.set(values, at);
    if (!name.endsWith("norm")) keep.fill(1 - adamw.lr * adamw.weightDecay, at, at + values.length);
    at += values.length;
  }
  const constants: Constants = {
    tokens: tf.tensor1d(c.tokens, "int32"),
    targets: tf.tensor1d(c.targets, "int32"),
    cos: tf.tensor2d(tables.cos, [seq, shape.headWidth / 2]),
    sin: tf.tensor2d(tables.sin, [seq, shape.headWidth / 2]),
    mask: tf.tensor2d(mask, [seq, seq]),
    keep: tf.tensor1d(keep),
  };
  let loss: tf.Scalar | null = null;
  let state: State = {
    weights: tf.tensor1d(flat),
    m: tf.tensor1d(new Float32Array(count)),
    v: tf.tensor1d(new Float32Array(count)),
    steps: 0,
  };
  const dispose = () => tf.dispose([state.weights, state.m, state.v, ...(loss ? [loss] : [])]);
  return {
    async run(repetitions) {
      for (let i = 0; i < repetitions; i++) {
        const [next, value] = trainStep(c, state, constants);
        dispose();
        [state, loss] = [next, value];
      }
      await finish(device);
    },
    async results() {
      const results: Results = { loss: await read(loss!) }, all = await read(state.weights);
      let from = 0;
      for (const { name, values } of weights) {
        results[name] = all.subarray(from, from += values.length);
      }
      return results;
    },
    dispose() {
      dispose();
      tf.dispose(Object.values(constants));
    },
  };
}

/** TensorFlow.js on a device of its own. */
export async function tensorflowJs(): Promise<Contender> {
  const device = await openDevice();
  tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => new WebGPUBackend(device.gpu, device.gpu.adapterInfo));
  await tf.setBackend("webgpu");
  return {
    name: "tfjs",
    version: versionOf("@tensorflow/tfjs-backend-webgpu"),
    adapter: device.adapter.description,
    prepare: byKind({
      gemm: (c) => prepareGemm(device, c),
      swiglu: (c) => prepareSwiglu(device, c),
      step: (c) => prepareStep(device, c),
    }),
    close() {
      tf.removeBackend("webgpu");
      device.close();
    },
  };
}
