/**
 * jax-js on its WebGPU device, used as its documentation advises: whole works under `jit`, results
 * awaited with `blockUntilReady`.
 *
 * @module
 */
import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  numpy as np,
  tree,
  vjp,
} from "@jax-js/jax";
import { type Batch, type State, swiglu, trainStep, type Tree } from "./jax_model.ts";
import {
  byKind,
  type Contender,
  type GemmCase,
  type Input,
  inputsOf,
  type Prepared,
  type Results,
  resultsOf,
  type StepCase,
  type SwigluCase,
  versionOf,
} from "./peer.ts";
import { ropeTables } from "./rope.ts";

/** Calls in flight before they are awaited. */
const IN_FLIGHT = 16;

/** What the GPU complained about; the library only prints it. */
const errors: string[] = [];

/** Waits until the device has computed arrays. */
async function finish(arrays: Parameters<typeof blockUntilReady>[0]): Promise<void> {
  await blockUntilReady(arrays);
  if (errors.length) throw new Error(`the GPU refused work: ${errors[0].trim().split("\n")[0]}`);
}

/** Floats of an array, which stays usable. */
async function read(array: np.Array): Promise<Float32Array> {
  return Float32Array.from(await array.ref.data());
}

/** Calls a jitted function again and again on the same arrays; no output is dropped unfinished. */
function repeated(
  c: GemmCase | SwigluCase,
  f: (...inputs: np.Array[]) => np.Array[],
): Prepared {
  const arrayOf = ({ values, shape }: Input) => np.array(values).reshape(shape);
  const given = inputsOf(c), inputs = given.map(arrayOf);
  let last: np.Array[] = [];
  return {
    async run(repetitions) {
      for (let left = repetitions; left > 0; left -= IN_FLIGHT) {
        // a lazy array that is disposed before it is awaited is never computed
        const outputs = Array.from(
          { length: Math.min(left, IN_FLIGHT) },
          () => f(...inputs.map((x) => x.ref)),
        );
        await finish(outputs);
        tree.dispose(last);
        tree.dispose(outputs.slice(0, -1));
        last = outputs.at(-1)!;
      }
    },
    async results() {
      const results: Results = {};
      for (const [i, name] of resultsOf(c).entries()) results[name] = await read(last[i]);
      return results;
    },
    renew(values) {
      inputs[0].dispose();
      inputs[0] = arrayOf({ ...given[0], values });
    },
    dispose() {
      tree.dispose([inputs, last]);
    },
  };
}

function prepareGemm(c: GemmCase): Prepared {
  const { layout } = c;
  const f = jit((x: np.Array, y: np.Array) =>
    np.matmul(layout === "TN" ? x.transpose() : x, layout === "NT" ? y.transpose() : y)
  );
  return repeated(c, (x, y) => [f(x, y)]);
}

function prepareSwiglu(c: SwigluCase): Prepared {
  const f = jit((x: np.Array, wgate: np.Array, wup: np.Array, wdown: np.Array, dy: np.Array) => {
    const [y, backward] = vjp(swiglu, [x, wgate, wup, wdown]);
    const gradients = backward(dy);
    backward.dispose();
    return [y, ...gradients];
  });
  return repeated(c, (x, wgate, wup, wdown, dy) => f(x, wgate, wup, wdown, dy));
}

function prepareStep(c: StepCase): Prepared {
  const tables = ropeTables(c.seq, c.shape.headWidth), table = [c.seq, 1, c.shape.headWidth / 2];
  const batch: Batch = {
    tokens: np.array(c.tokens),
    targets: np.array(c.targets),
    cos: np.array(tables.cos).reshape(table),
    sin: np.array(tables.sin).reshape(table),
  };
  const fill = (zero: boolean): Tree =>
    Object.fromEntries(c.weights.map(({ name, shape, values }) => [
      name,
      np.array(zero ? new Float32Array(values.length) : values).reshape(shape),
    ]));
  let state: State = {
    weights: fill(false),
    m: fill(true),
    v: fill(true),
    correction: [np.array(new Float32Array([1])), np.array(new Float32Array([1]))],
  };
  let loss: np.Array | null = null;
  const step = jit(trainStep(c));
  return {
    async run(repetitions) {
      for (let i = 1; i <= repetitions; i++) {
        loss?.dispose();
        [state, loss] = step(state, tree.ref(batch)) as [State, np.Array];
        if (i % IN_FLIGHT === 0 || i === repetitions) await finish([state, loss]);
      }
    },
    async results() {
      const results: Results = { loss: await read(loss!) };
      for (const { name } of c.weights) results[name] = await read(state.weights[name]);
      return results;
    },
    dispose() {
      tree.dispose([state, batch, loss]);
    },
  };
}

/** jax-js, made ready on the adapter that Deno gives it. */
export async function jaxJs(): Promise<Contender> {
  await init("webgpu");
  defaultDevice("webgpu");
  const gpu = getWebGPUDevice();
  gpu.addEventListener("uncapturederror", (event) => errors.push(event.error.message));
  return {
    name: "jax-js",
    version: versionOf("@jax-js/jax"),
    adapter: gpu.adapterInfo.description,
    prepare: byKind({ gemm: prepareGemm, swiglu: prepareSwiglu, step: prepareStep }),
    close() {},
  };
}
