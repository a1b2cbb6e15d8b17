/**
 * Our own kernels as a contender.
 *
 * @module
 */
import suite from "../../deno.json" with { type: "json" };
import { gemm } from "../../kernels/gemm.ts";
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  downloadFloats,
  type Tensor,
  upload,
} from "../../kernels/gpu/tensor.ts";
import { FeedForward } from "../../model/feed_forward.ts";
import { layoutOf, pack, TENSOR_KINDS, unpack } from "../../model/shape.ts";
import { Trainer } from "../../model/trainer.ts";
import type { Contender, GemmCase, Prepared, StepCase, SwigluCase } from "./peer.ts";

/** More steps than a timing takes. */
const STEPS_OF_A_TIMING = 200_000;
/** Most steps encoded into one submit. */
const SUBMIT = 200;

/** A product; sizes are multiples of 4. */
function prepareGemm(device: Device, c: GemmCase): Prepared {
  const { layout, m, n, k } = c;
  const make = (label: string, count: number, values?: Float32Array): Tensor => {
    const tensor = createTensor(device, label, "f32x4", count / 4);
    if (values) upload(device, tensor, values);
    return tensor;
  };
  const a = make("a", m * k, c.a), b = make("b", n * k, c.b), out = make("c", m * n);
  const scales = createTensor(device, "scales", "f32", 1);
  upload(device, scales, Float32Array.of(1));
  const program = new Program(device);
  gemm(program, {
    layout,
    rows: m,
    cols: n,
    k,
    replicas: 1,
    a: { tensor: a, stride: (layout === "TN" ? m : k) / 4, replica: 0 },
    b: { tensor: b, stride: (layout === "NT" ? k : n) / 4, replica: 0 },
    c: { tensor: out, stride: n / 4, replica: 0 },
    scales,
    scaleSlot: 0,
    scaleStride: 1,
  });
  return {
    async run(repetitions) {
      program.submit(repetitions);
      await settle(device);
    },
    results: async () => ({ c: await downloadFloats(device, out) }),
    dispose() {
      [a, b, out, scales].forEach(destroyTensor);
      program.destroy();
    },
  };
}

/** A layer; width and tokens are multiples of 4. */
function prepareSwiglu(device: Device, c: SwigluCase): Prepared {
  const { width, hidden, tokens } = c;
  const layer = new FeedForward(
    device,
    { width, tokens, ffn: { kind: "dense", hidden } },
    "forward+backward",
  );
  const stored = new Float32Array(layer.stored.floats);
  const values: Record<string, Float32Array> = { wgate: c.wgate, wup: c.wup, wdown: c.wdown };
  for (const p of layer.named) pack(p, values[p.name], stored);
  upload(device, layer.weights, stored);
  upload(device, layer.x, c.x);
  upload(device, layer.dy!, c.dy);
  return {
    run: (repetitions) => layer.run(repetitions),
    async results() {
      const gradient = await downloadFloats(device, layer.weightGradients);
      const after = await downloadFloats(device, layer.y);
      return {
        y: after.map((v, i) => v - c.x[i]), // the layer adds its input, as in a block
        dx: await downloadFloats(device, layer.dx!),
        ...Object.fromEntries(layer.named.map((p) => [`d${p.name}`, unpack(p, gradient)])),
      };
    },
    dispose: () => layer.destroy(),
  };
}

/** Training steps; tokens and targets stay on the device, as they do for the peers. */
function prepareStep(device: Device, c: StepCase): Prepared {
  const layout = layoutOf(c.shape), parameters = new Float32Array(layout.floats), { adamw } = c;
  layout.parameters.forEach((p, i) => pack(p, c.weights[i].values, parameters));
  const hyperParameters = Object.fromEntries(
    TENSOR_KINDS.map((kind) => [kind, {
      lr: adamw.lr,
      weightDecay: kind.toLowerCase().endsWith("norm") ? 0 : adamw.weightDecay,
      eps: adamw.eps,
    }]),
  ) as ConstructorParameters<typeof Trainer>[3][number]["hyperParameters"];
  const trainer = new Trainer(
    device,
    c.shape,
    { sequences: c.sequences, seq: c.seq },
    [{
      seed: 0,
      parameters,
      hyperParameters,
      multipliers: { residual: 1, outputMultiplier: 1, routeScale: 1, logits: 1 },
      beta1: adamw.beta1,
      beta2: adamw.beta2,
    }],
    {
      steps: STEPS_OF_A_TIMING,
      schedule: { kind: "constant", warmup: 0, decay: 0 },
      clipNorm: adamw.clipNorm,
      balanceCoef: 0,
      zCoef: 0,
    },
    null,
  );
  upload(device, trainer.network.tokens, Uint32Array.from(c.tokens));
  upload(device, trainer.network.targets, Uint32Array.from(c.targets));
  return {
    async run(repetitions) {
      for (let left = repetitions; left > 0; left -= SUBMIT) {
        await trainer.run(Math.min(left, SUBMIT));
      }
    },
    async results() {
      const stored = await downloadFloats(device, trainer.parameters), [log] = await trainer.log();
      return {
        loss: Float32Array.of(log[log.length - 1].loss_nats),
        ...Object.fromEntries(layout.parameters.map((p) => [p.name, unpack(p, stored)])),
      };
    },
    dispose: () => trainer.destroy(),
  };
}

/** Our kernels on a device; the device stays the caller's. */
export function ours(device: Device): Contender {
  return {
    name: "mue-bench",
    version: suite.version,
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
    close() {},
  };
}
