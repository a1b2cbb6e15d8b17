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
  type Contender,
  type Floats,
  type GemmCase,
  type Prepared,
  type Results,
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
  names: string[],
  call: () => tf.Tensor[],
  inputs: tf.Tensor[],
): Prepared {
  let last: tf.Tensor[] = [];
  return {
    async run(repetitions) {
      for (let i = 0; i < repetitions; i++) {
        tf.dispose(last);
        last = tf.tidy(call);
      }
      await finish(device);
    },
    async results() {
      const results: Results = {};
      for (const [i, name] of names.entries()) results[name] = await read(last[i]);
      return results;
    },
    dispose: () => tf.dispose([inputs, last]),
  };
}

function prepareGemm(device: Device, { layout, m, n, k, a, b }: GemmCase): Prepared {
  const x = tf.tensor2d(a, layout === "TN" ? [k, m] : [m, k]);
  const y = tf.tensor2d(b, layout === "NT" ? [n, k] : [k, n]);
  const call = () => [tf.matMul(x, y, layout === "TN", layout === "NT")];
  return repeated(device, ["c"], call, [x, y]);
}

function prepareSwiglu(device: Device, c: SwigluCase): Prepared {
  const { tokens, width, hidden } = c;
  const inputs = [
    tf.tensor2d(c.x, [tokens, width]),
    tf.tensor2d(c.wgate, [hidden, width]),
    tf.tensor2d(c.wup, [hidden, width]),
    tf.tensor2d(c.wdown, [width, hidden]),
  ];
  const dy = tf.tensor2d(c.dy, [tokens, width]);
  const forward = (...[x, wgate, wup, wdown]: tf.Tensor[]) => swiglu(x, wgate, wup, wdown);
  const call = () => {
    const { value, grads } = tf.valueAndGrads(forward)(inputs, dy);
    return [value, ...grads];
  };
  return repeated(device, ["y", "dx", "dwgate", "dwup", "dwdown"], call, [...inputs, dy]);
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
    prepare(c) {
      return Promise.resolve(
        c.kind === "gemm"
          ? prepareGemm(device, c)
          : c.kind === "swiglu"
          ? prepareSwiglu(device, c)
          : prepareStep(device, c),
      );
    },
    close() {
      tf.removeBackend("webgpu");
      device.close();
    },
  };
}
