/**
 * Every call the host functions of kernels/ can make, on a program that only notes down what it is
 * given: one table for the tests that hold for all kernels (their texts, the shapes they check).
 * One file because a kernel that is missing in it must be seen at a glance.
 *
 * @module
 */
import { attention, attentionBackward } from "../../kernels/attention/attention.ts";
import { qkNormRope, qkNormRopeBackward } from "../../kernels/attention/attention.ts";
import { type Epilogue, gemm, type Layout, type Product } from "../../kernels/gemm/gemm.ts";
import {
  candidatesOf,
  caseName,
  CLASSES,
  classOf,
  kindOf,
  SHARE_ROWS,
} from "../../kernels/gemm/gemm_tiles.ts";
import type { Device, DeviceProfile } from "../../kernels/gpu/device.ts";
import { type Kernel, kernelOf, type KernelSpec } from "../../kernels/gpu/kernel.ts";
import { type Bound, type Grid, Program } from "../../kernels/gpu/program.ts";
import type { Constants } from "../../kernels/gpu/template.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import {
  gainReduce,
  gainSum,
  planGains,
  rmsNorm,
  rmsNormBackward,
} from "../../kernels/norm/norm.ts";
import { ROW_CANDIDATES, ROW_CASE } from "../../kernels/norm/tree.ts";
import { silu, siluBackward, timeFeatures } from "../../kernels/image/condition.ts";
import { drawImages } from "../../kernels/image/images.ts";
import { velocityLoss } from "../../kernels/image/loss.ts";
import {
  sampleCondition,
  sampleGuide,
  sampleMove,
  sampleNoise,
} from "../../kernels/image/sample.ts";
import { gatedAdd, gatedAddBackward, modulationSums } from "../../kernels/norm/modulation.ts";
import { logStep } from "../../kernels/optimizer/log_step.ts";
import { adamw, clipNorm } from "../../kernels/optimizer/optimizer.ts";
import { fma, streamCopy, streamFill, streamRead } from "../../kernels/roofline/roofline.ts";
import { combine, gateBackward, route, routeBackward } from "../../kernels/routing/routing.ts";
import { type Gate, GATES, type Router } from "../../kernels/routing/router.ts";
import { routerStats, updateBias } from "../../kernels/routing/selection.ts";
import { drawBatch, embed, embedBackward } from "../../kernels/text/embedding.ts";
import { crossEntropy } from "../../kernels/text/loss.ts";

/** A call of {@link Program.add}. */
export interface Call {
  spec: KernelSpec;
  constants: Constants;
  /** the variant of the profile */
  kernel: Kernel;
  /** names of the tensors given */
  roles: string[];
  dims: Readonly<Record<string, number>>;
  grid: Grid;
}

/** A program that encodes nothing and keeps its calls. */
export class Notes extends Program {
  readonly calls: Call[] = [];

  constructor(profile: DeviceProfile) {
    super({ profile } as Device);
  }

  override scratch(): Tensor {
    return dummy;
  }

  override add(
    spec: KernelSpec,
    tensors: Readonly<Record<string, Bound | undefined>>,
    dims: Readonly<Record<string, number>>,
    grid: Grid | Readonly<Record<DeviceProfile["kernels"], Grid>>,
    constants: Constants = {},
  ): void {
    const { kernels } = this.profile;
    this.calls.push({
      spec,
      constants,
      kernel: kernelOf(spec, kernels, constants),
      roles: Object.keys(tensors).filter((role) => tensors[role]),
      dims,
      grid: "software" in grid ? grid[kernels] : grid,
    });
  }
}

/** stands for a tensor of any kind and length. */
const dummy = { label: "dummy", length: Infinity } as Tensor;
/** Host functions name what they want; each gets {@link dummy}. */
function all<T extends string>(names: string): Record<T, Bound> {
  return Object.fromEntries(names.split(" ").map((name) => [name, dummy])) as Record<T, Bound>;
}

/** One thing a host function is asked for. */
export interface Case {
  name: string;
  build: (program: Program) => void;
  /** choices of the autotuner it is also built with, on the gpu */
  tunings?: NonNullable<DeviceProfile["tuning"]>[];
}

const SIZES = { replicas: 2, tokens: 12, seq: 6, rows: 12 };
const IN_PARAMETERS = { tensor: dummy, base: 3, replica: 50 };

/** Rows of an expert's share, for every tile. */
const ROUTING = {
  experts: 3,
  active: 2,
  tileRows: SHARE_ROWS,
  tiles: 4,
  rows: 4 * SHARE_ROWS,
  tokens: 40,
  tileExpert: dummy,
  off: dummy,
  perm: dummy,
  gate: dummy,
};

function* products(): Generator<Case> {
  const epilogues: Record<Layout, Epilogue[]> = {
    NT: ["store", "residual", "swiglu"],
    NN: ["store", "residual", "dswiglu"],
    TN: ["store", "residual"],
  };
  const matrix = { tensor: dummy, base: 1, stride: 70, replica: 9000, expert: 3000 };
  const unlimited = { maxComputeWorkgroupStorageSize: 1e9, maxComputeInvocationsPerWorkgroup: 1e9 };
  for (const layout of ["NT", "NN", "TN"] as const) {
    const gathers = layout === "TN" ? ["", "A", "B", "AB"] : ["", "A"];
    for (const epilogue of epilogues[layout]) {
      for (const grouped of [undefined, layout === "TN" ? "k" : "rows"] as const) {
        for (const gather of gathers) {
          for (const gated of gather ? [false, true] : [false]) {
            const p: Product = {
              layout,
              epilogue,
              rows: 36,
              cols: 24,
              k: grouped === "k" ? 0 : 20,
              replicas: 2,
              a: matrix,
              b: matrix,
              c: matrix,
              scales: dummy,
              scaleSlot: 1,
              scaleStride: 2,
              gated,
              gatherA: gather.includes("A"),
              gatherB: gather.includes("B"),
              ...(grouped ? { grouped } : {}),
              ...(grouped || gather ? { routing: ROUTING } : {}),
              ...(epilogue === "residual" ? { r: matrix } : {}),
              ...(epilogue === "swiglu" ? { hidden: matrix, up: 400 } : {}),
              ...(epilogue === "dswiglu" ? { gu: dummy } : {}),
            };
            const kind = kindOf(p),
              tiles = CLASSES.flatMap((c) => candidatesOf(kind, c, unlimited));
            const name = [
              `gemm ${layout} ${epilogue}`,
              ...(grouped ? ["by expert"] : []),
              ...(gather ? [`gathers ${gather}`] : []),
              ...(gated ? ["gated"] : []),
            ].join(", ");
            yield {
              name,
              build: (program) => {
                gemm(program, p);
                if (program.profile.kernels !== "software") return;
                for (
                  const [rows, cols, lanes] of [[8, 16, 8], [16, 16, 8], [16, 12, 16], [4, 8, 16]]
                ) {
                  gemm(program, { ...p, tile: { rows, cols, lanes } });
                }
              },
              tunings: [...new Set(tiles)].map((tile) => ({ [caseName(kind, classOf(p))]: tile })),
            };
          }
        }
      }
    }
  }
}

function* attentions(): Generator<Case> {
  for (const headWidth of [2, 6, 8, 16, 20, 32, 40, 64]) {
    for (const seq of [6, 40]) {
      const sizes = { ...SIZES, tokens: 2 * seq, rows: 2 * seq, seq }, h = { heads: 3, headWidth };
      yield {
        name: `attention of heads of ${headWidth} over ${seq}`,
        build: (program) => {
          const gains = { tensor: dummy, qnorm: 4, knorm: 30, replica: 60 };
          qkNormRope(program, sizes, h, gains, all("qkv rope qk"));
          attention(program, sizes, h, all("qk qkv o lse"));
          attentionBackward(program, sizes, h, all("qk qkv o lse dout d dqk dqkv"));
          qkNormRopeBackward(program, sizes, h, gains, all("qkv dqk rope product dqkv"));
        },
      };
    }
  }
}

/** Routers of every kind. */
function* routers(): Generator<Router> {
  for (const gate of GATES as readonly Gate[]) {
    const base = { experts: 12, active: 4, groups: 2, gate };
    yield base;
    yield { ...base, groups: 1 };
    yield { ...base, capacity: 1.25 };
    yield { ...base, biasRate: 0.001 };
    yield { ...base, groups: 3, limit: 2 };
    yield { ...base, groups: 3, limit: 2, biasRate: 0.001, capacity: 1 };
    yield { ...base, groups: 1, pick: "expert-choice" };
    yield { ...base, groups: 1, pick: "hash" };
    yield { ...base, groups: 1, pick: "hash", capacity: 1 };
  }
}

function* routings(): Generator<Case> {
  for (const r of routers()) {
    const { pick = "top", groups, limit, capacity, biasRate, gate } = r;
    yield {
      name: `routing by ${pick}, ${gate}, ${groups} groups` + (limit ? `, limit ${limit}` : "") +
        (capacity ? `, capacity ${capacity}` : "") + (biasRate ? ", bias" : ""),
      build: (program) => {
        const tensors = "ids gate mask bits start counts kept off tileExpert perm place";
        route(program, SIZES, r, 8, dummy, all(tensors), { tokens: dummy, layer: 1, bias: dummy });
        combine(program, SIZES, r, 5, 88, all("x place r y"));
        const scale = { slot: 1, stride: 2 };
        for (const roles of ["x place r y", "x place y"]) {
          combine(program, SIZES, r, 5, 88, all<"x" | "place" | "y">(roles), {
            gate: dummy,
            scales: dummy,
            ...scale,
          });
        }
        gateBackward(program, SIZES, r, 5, 88, scale, all("x dz place scales dgate"));
        const t = all<"logits" | "ids" | "gate" | "dgate" | "counts" | "dlogits" | "aux">(
          "logits ids gate dgate counts dlogits aux",
        );
        routeBackward(program, SIZES, r, { balance: 0.01, z: 0.001 }, 1, t);
        routerStats(program, SIZES, r, all("logits ids gate place stats"));
        if (biasRate) updateBias(program, SIZES, r, all("counts bias"));
      },
    };
  }
}

const ROWS = ROW_CANDIDATES.map((choice) => ({ [ROW_CASE]: choice }));

function* others(): Generator<Case> {
  for (const d of [13, 200]) {
    yield {
      name: `norm of ${d}`,
      build: (program) => {
        const d4 = Math.ceil(d / 4), t = all<"x" | "dy" | "rstd" | "dz">("x dy rstd dz");
        rmsNorm(program, SIZES, d, d4, IN_PARAMETERS, all("x y rstd"));
        rmsNormBackward(program, SIZES, d, d4, IN_PARAMETERS, t);
        rmsNormBackward(program, SIZES, d, d4, IN_PARAMETERS, { ...t, dzIn: dummy });
      },
      tunings: ROWS,
    };
    yield {
      name: `cross-entropy over ${d}`,
      build: (program) => {
        const scale = { slot: 1, stride: 2 };
        const t = all<"logits" | "targets" | "scales" | "loss">("logits targets scales loss");
        crossEntropy(program, SIZES, d, scale, t);
        crossEntropy(program, SIZES, d, scale, { ...t, dlogits: dummy });
      },
      tunings: ROWS,
    };
  }
  const modulation = { m: dummy, rows: 4, m4: 40, shift: 5, scale: 10, gate: 15 };
  for (const d of [20, 200]) {
    yield {
      name: `modulated norm of ${d}`,
      build: (program) => {
        const t = all<"x" | "dy" | "rstd" | "dz">("x dy rstd dz");
        rmsNorm(program, SIZES, d, d / 4, modulation, all("x y rstd"));
        rmsNormBackward(program, SIZES, d, d / 4, modulation, t);
        rmsNormBackward(program, SIZES, d, d / 4, modulation, { ...t, dzIn: dummy });
      },
      tunings: ROWS,
    };
  }
  yield {
    name: "modulation",
    build: (program) => {
      modulationSums(program, SIZES, 5, modulation, all("x dy rstd dm"));
      gatedAdd(program, SIZES, 5, modulation, all("r y z"));
      gatedAddBackward(program, SIZES, 5, modulation, all("y dz dy dm"));
    },
  };
  yield {
    name: "images",
    build: (program) => {
      const of = { channels: 3, side: 6, patch: 2 },
        sizes = { ...SIZES, tokens: 18, seq: 9, rows: 20 };
      const images = { replicas: 2, images: 2, rows: 4 };
      const t = all<
        "corpus" | "labels" | "seeds" | "state" | "picked" | "time" | "classes" | "xt" | "target"
      >("corpus labels seeds state picked time classes xt target");
      for (const times of ["logit-normal", "uniform"] as const) {
        const draw = { first: 5, range: 100, spacing: 0, none: 4, drop: 0.1, times };
        drawImages(program, sizes, of, draw, t);
        drawImages(program, sizes, of, { ...draw, spacing: 3 }, t);
      }
      timeFeatures(program, images, 16, all("time turns features"));
      for (const by of [null, { classes: dummy, table: IN_PARAMETERS }]) {
        silu(program, images, 5, by, all("x y"));
        siluBackward(program, images, 5, by, all("x dy dx"));
      }
      const loss = all<"v" | "target" | "scales" | "loss">("v target scales loss");
      velocityLoss(program, sizes, 12, { slot: 1, stride: 2 }, loss);
      velocityLoss(program, sizes, 12, { slot: 1, stride: 2 }, { ...loss, dv: dummy });
      sampleNoise(program, sizes, 12, { seed: 3, first: 5 }, dummy);
      for (const asked of [true, false]) {
        const of = { steps: 4, none: 4, asked, stage: 0 } as const;
        sampleCondition(program, sizes, of, all("times asked state time classes"));
      }
      sampleGuide(program, sizes, 12, 2, all("v none k"));
      sampleGuide(program, sizes, 12, 1, all("v k"));
      const move = all<"x" | "times" | "state" | "y">("x times state y");
      for (const last of [true, false]) {
        sampleMove(program, sizes, 12, 4, move, last);
        sampleMove(program, sizes, 12, 4, { ...move, k1: dummy }, last);
        sampleMove(program, sizes, 12, 4, { ...move, k1: dummy, k2: dummy }, last);
      }
    },
  };
  yield {
    name: "gains",
    build: (program) => {
      const plan = planGains([
        { width4: 5, parts: [{ from: 0, d4: 5, heads: 1, target: 7 }] },
        { width4: 12, parts: [{ from: 2, d4: 2, heads: 3, target: 20 }] },
      ], SIZES.tokens);
      gainSum(program, SIZES, 5, plan, 0, all("x dy rstd partial"));
      gainSum(program, SIZES, 12, plan, 1, all("x partial"));
      gainReduce(program, 2, plan, 30, all("partial table g"));
    },
  };
  yield {
    name: "text",
    build: (program) => {
      const t = all<"corpus" | "seeds" | "state" | "tokens" | "targets">(
        "corpus seeds state tokens targets",
      );
      drawBatch(program, SIZES, { first: 5, range: 1000, spacing: 0 }, t);
      drawBatch(program, SIZES, { first: 5, range: 1000, spacing: 30 }, t);
      embed(program, SIZES, 5, IN_PARAMETERS, all("tokens x"));
      embedBackward(program, SIZES, 5, 9, IN_PARAMETERS, all("tokens first order dx"));
    },
  };
  yield {
    name: "optimizer",
    build: (program) => {
      for (const [aux, clip] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
        logStep(program, SIZES, 100, aux ? 3 : 0, {
          ...all("loss state log"),
          ...(aux ? { aux: dummy } : {}),
          ...(clip ? { clip: dummy } : {}),
        });
      }
      const sizes = { n4: 1000, steps: 100 };
      clipNorm(program, 2, sizes, 1, all("g partial schedule state rates"));
      adamw(program, 2, { n4: 1000, tensors: 7 }, all("p m v g rates"));
    },
  };
  yield {
    name: "roofline",
    build: (program) => {
      for (const [chains, unroll] of [[1, 1], [4, 8]]) {
        fma(program, { groups: 3, chains, unroll, steps: 16 }, { factors: dummy, out: dummy });
      }
      const size = { groups: 3, lanes: 64, rounds: 2 };
      streamFill(program, size, dummy, 4);
      streamRead(program, size, dummy, dummy);
      streamCopy(program, size, dummy, dummy);
    },
  };
}

/** All of them. */
export function* everyKernel(): Generator<Case> {
  yield* products();
  yield* attentions();
  yield* routings();
  yield* others();
}

/** Calls of a case on one variant, under every tuning it knows. */
export function callsOf(c: Case, kernels: DeviceProfile["kernels"]): Call[] {
  const tunings = kernels === "gpu" ? [undefined, ...c.tunings ?? []] : [undefined];
  return tunings.flatMap((tuning) => {
    const notes = new Notes({ kernels, storage: "buffer", ...(tuning ? { tuning } : {}) });
    c.build(notes);
    return notes.calls;
  });
}
