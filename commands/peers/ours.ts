/**
 * Our own kernels as a contender.
 *
 * @module
 */
import suite from "../../deno.json" with { type: "json" };
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { downloadFloats, upload } from "../../kernels/gpu/tensor.ts";
import { FeedForward } from "../../model/feed_forward.ts";
import { layoutOf } from "../../model/shape.ts";
import { pack, unpack } from "../../model/stored.ts";
import { TENSOR_KINDS } from "../../rule/rule.ts";
import { Products, STEPS_OF_A_TIMING, stepsOf } from "../../model/measure/step_bench.ts";
import { languageOf } from "../../model/tasks/language.ts";
import { Trainer } from "../../model/trainer.ts";
import {
  byKind,
  type Contender,
  type GemmCase,
  type Prepared,
  type StepCase,
  type SwigluCase,
} from "./peer.ts";

/** A product; sizes are multiples of 4. */
function prepareGemm(device: Device, c: GemmCase): Prepared {
  const products = new Products(device, c), program = products.add(c.layout);
  return {
    async run(repetitions) {
      program.submit(repetitions);
      await settle(device);
    },
    results: async () => ({ c: await downloadFloats(device, products.c) }),
    renew: (values) => upload(device, products.a, values),
    dispose: () => products.destroy(),
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
  let x = c.x;
  upload(device, layer.x, x);
  upload(device, layer.dy!, c.dy);
  return {
    run: (repetitions) => layer.run(repetitions),
    async results() {
      const gradient = await downloadFloats(device, layer.weightGradients);
      const after = await downloadFloats(device, layer.y);
      return {
        y: after.map((v, i) => v - x[i]), // the layer adds its input, as in a block
        dx: await downloadFloats(device, layer.dx!),
        ...Object.fromEntries(layer.named.map((p) => [`d${p.name}`, unpack(p, gradient)])),
      };
    },
    renew(values) {
      x = values;
      upload(device, layer.x, x);
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
  const { tokens, targets } = languageOf(trainer.network);
  upload(device, tokens, Uint32Array.from(c.tokens));
  upload(device, targets, Uint32Array.from(c.targets));
  return {
    run: stepsOf(c.name, trainer).run,
    async results() {
      const stored = await downloadFloats(device, trainer.parameters), [log] = await trainer.log();
      return {
        loss: Float32Array.of(log[log.length - 1].loss),
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
    prepare: byKind({
      gemm: (c) => prepareGemm(device, c),
      swiglu: (c) => prepareSwiglu(device, c),
      step: (c) => prepareStep(device, c),
    }),
    close() {},
  };
}
