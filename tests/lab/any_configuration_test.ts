/**
 * Random configurations: whatever the grammar allows trains and is evaluated without a complaint of the GPU; whatever
 * it does not is refused by a RangeError (a TypeError for what is no number) before there is a device.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Device } from "../../kernels/gpu/device.ts";
import { capacityOf, GATES } from "../../kernels/routing/router.ts";
import { trainGroup } from "../../lab/train/group.ts";
import { type Context, contextOf, type Job, jobOf } from "../../lab/train/job.ts";
import { knownData } from "../../lab/train/known_data.ts";
import type { TrainingPlan } from "../../lab/train/plan.ts";
import { replicasThatFit } from "../../lab/train/size.ts";
import type { Dataset } from "../../model/task.ts";
import { Trainer } from "../../model/trainer.ts";
import {
  checkConfiguration,
  type Configuration,
  formatConfiguration,
  type MoeFfn,
  parseConfiguration,
} from "../../rule/configuration.ts";
import { RULES } from "../../rule/registry.ts";
import type { RouterChoice } from "../../rule/router.ts";
import { smokePlan } from "../../suites/plans.ts";
import { withDevice } from "../with_device.ts";
import { targetCell } from "./runs.ts";

/** Seconds for each task; what is random must end. */
const LIMIT_S = 30;

const DATA: Record<string, Dataset> = {
  language: knownData("language")!,
  diffusion: knownData("diffusion")!,
};

const size = (max: number, min = 1) => fc.integer({ min, max });

/** A choice that goes with g groups of which a token picks `perGroup` experts each. */
const choice = (g: number): fc.Arbitrary<RouterChoice> => {
  const gate = fc.constantFrom(...GATES), capacity = fc.constantFrom(0.5, 1, 1.25, 3);
  const biasRate = fc.constantFrom(0.001, 0.1);
  const top = fc.record({ gate, capacity, biasRate, limit: size(g) }, { requiredKeys: [] });
  if (g > 1) return top;
  return fc.oneof(
    { weight: 3, arbitrary: top },
    fc.record({ pick: fc.constant("hash" as const), capacity }, { requiredKeys: ["pick"] }),
    fc.record({ pick: fc.constant("expert-choice" as const), gate }, { requiredKeys: ["pick"] }),
  );
};

const moe: fc.Arbitrary<MoeFfn> = fc.record({
  g: size(3),
  perGroup: size(2),
  more: fc.oneof({ weight: 4, arbitrary: size(3, 0) }, size(60, 20)),
  expertWidth: size(9),
  shared: size(2, 0),
}).chain(({ g, perGroup, more, ...ffn }) =>
  choice(g).map(({ limit, ...rest }) => {
    const active = g * perGroup, each = perGroup + more;
    const fits = limit !== undefined && active <= limit * each;
    return {
      kind: "moe" as const,
      experts: g * each,
      active,
      groups: g,
      ...ffn,
      ...rest,
      ...(fits ? { limit } : {}),
    };
  })
);

/** Any model of at most 30 columns and two blocks. */
const configuration: fc.Arbitrary<Configuration> = fc.record({
  heads: size(3),
  headWidth: size(5).map((n) => 2 * n),
  depth: size(2),
  ffn: fc.oneof(
    fc.record({ kind: fc.constant("dense" as const), hidden: size(30) }),
    { weight: 3, arbitrary: moe },
  ),
}).map(({ heads, ffn, ...c }) => ({
  ...c,
  ffn: { ...ffn }, // a plain prototype, as deepEqual wants
  width: heads * c.headWidth,
  batchTokens: null,
  tokens: null,
}));

const pickOf = ({ ffn }: Configuration) => ffn.kind === "moe" ? ffn.pick ?? "top" : null;

function planOf(task: string): TrainingPlan {
  const seq = { language: 7, diffusion: 9 }[task]!;
  const reference = "dense:d=16,L=1,H=16";
  return { ...smokePlan, task, reference, steps: 2, sequences: 2, seq, evaluationBatches: 2 };
}

function jobFor(c: Configuration, rule: string, context: Context): Job {
  const plan = planOf(context.task.id);
  const cell = { ...targetCell(formatConfiguration(c), -7, 1), rule };
  return jobOf({ cell, from: parseConfiguration(plan.reference), to: c }, plan, context);
}

/** Trains two steps and evaluates, in an error scope of its own, so that a complaint is that model's. */
async function trains(device: Device, job: Job, data: Dataset): Promise<void> {
  const uploaded = data.upload(device), { signal } = new AbortController();
  device.gpu.pushErrorScope("validation");
  const [run] = await trainGroup(device, uploaded, [job], () => {}, signal).finally(async () => {
    const complaint = await device.gpu.popErrorScope();
    uploaded.destroy();
    if (complaint) throw new Error(`The GPU complained: ${complaint.message}`);
  });
  const { ffn } = job.shape, { trainLoss, validationLoss, expertLoad } = run;
  assert.equal(trainLoss.length, 2);
  assert.ok(Number.isFinite(validationLoss), `${validationLoss}`);
  if (ffn.kind === "dense") return;
  // an expert that chooses takes whole tokens
  const tokens = job.sequences * job.seq, share = capacityOf(ffn, tokens) / tokens;
  const want = ffn.pick === "expert-choice" ? ffn.experts * share : ffn.active;
  for (const block of expertLoad!) {
    const sum = block.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - want) < 1e-6 * ffn.experts, `load of ${sum}, not ${want}: ${block}`);
  }
}

/** A device that nothing may be asked of. */
const NO_DEVICE = new Proxy({}, {
  get(_, name) {
    throw new Error(`the device was asked for its ${String(name)}`);
  },
}) as Device;

for (const task of Object.keys(DATA)) {
  Deno.test(`any configuration trains and is evaluated, on ${task}`, () =>
    withDevice({}, async (device) => {
      const data = DATA[task], rules = RULES.map(({ id }) => id), seen: string[] = [];
      await fc.assert(
        fc.asyncProperty(configuration, fc.constantFrom(...rules), async (c, rule) => {
          const text = formatConfiguration(c);
          assert.deepEqual(parseConfiguration(text), c);
          const job = () => jobFor(c, rule, contextOf(data, device));
          if (task === "diffusion" && (c.width % 4 !== 0 || pickOf(c) === "hash")) {
            const said = /^RangeError: Cannot build the model: .* (no multiple of 4|ids of tokens)/;
            assert.throws(() => replicasThatFit(NO_DEVICE, job()), said);
            return;
          }
          await trains(device, job(), data);
          seen.push(text);
        }),
        { numRuns: 60, interruptAfterTimeLimit: 1000 * LIMIT_S, markInterruptAsFailure: false },
      );
      assert.ok(seen.length >= 3, `only ${seen.length} trained within ${LIMIT_S} s`);
    }));
}

/** Numbers that are no size. */
const noSize = fc.constantFrom(0, -1, -16, 0.5, 7.25, NaN, Infinity, -Infinity, 2 ** 53, 1e300);
const noNumber = fc.constantFrom<unknown>("16", null, undefined, {}, [16], true, 16n);

const SIZES = ["width", "depth", "headWidth"] as const;
const FFN_SIZES = {
  dense: ["hidden"],
  moe: ["experts", "active", "expertWidth", "shared", "groups"],
} as const;

/** The configuration with one of its sizes replaced. */
function withSize(c: Configuration, at: number, value: unknown): Configuration {
  const names = [...SIZES, ...FFN_SIZES[c.ffn.kind]], name = names[at % names.length];
  const own = (SIZES as readonly string[]).includes(name);
  return own
    ? { ...c, [name]: value }
    : { ...c, ffn: { ...c.ffn, [name]: value } } as Configuration;
}

/** What does not go together, of an MoE. */
const WRONG: [string, (f: MoeFfn, n: number) => Partial<MoeFfn>][] = [
  ["more active than there are", (f, n) => ({ active: f.experts + f.groups * n })],
  ["experts that do not divide", (f, n) => ({ groups: f.experts + n })],
  ["groups that do not divide the active", (f, n) => ({ groups: f.active + n, limit: undefined })],
  ["more groups allowed than there are", (f, n) => ({ limit: f.groups + n })],
  ["a part of a group", (f) => ({ limit: f.groups + 0.5 })],
  ["no capacity", (_, n) => ({ capacity: 1 - n, pick: undefined })],
  ["a capacity without end", () => ({ capacity: Infinity, pick: undefined })],
  ["a bias that moves back", (_, n) => ({ biasRate: -n, pick: undefined })],
  ["an unknown gate", () => ({ gate: "tanh" as MoeFfn["gate"] })],
  ["an unknown router", () => ({ pick: "best" as MoeFfn["pick"] })],
  ["a hash with a bias", () => ({ pick: "hash", biasRate: 0.1 })],
  ["experts that choose within a capacity", () => ({ pick: "expert-choice", capacity: 1 })],
];

/** All ways into a model refuse it, none with the help of a device. */
function refused(c: Configuration, kind: typeof RangeError | typeof TypeError): void {
  const context = contextOf(DATA.language, {
    adapter: { description: "none" },
    profile: { kernels: "software", storage: "texture" },
  } as Device);
  const said = (error: unknown) => {
    assert.ok(error instanceof kind, `${error}`);
    assert.match(error.message, /^Cannot /);
    return true;
  };
  assert.throws(() => checkConfiguration(c), said);
  const { ffn } = c, left = ffn.kind === "moe" && !(ffn.shared >= 0 && ffn.groups >= 1);
  // a text says only what is more than none
  if (!left) {
    assert.throws(() => parseConfiguration(formatConfiguration(c)), /^(Range|Type)Error: Cannot/);
  }
  assert.throws(() => {
    const job = jobFor(c, "complete-mue", context);
    const { shape, training, steps } = job, batch = { sequences: 2, seq: 7 };
    new Trainer(NO_DEVICE, shape, batch, [], { steps, ...training }, null);
  });
}

Deno.test("sizes that are none are refused, as numbers and as text", () => {
  fc.assert(fc.property(configuration, fc.nat(), noSize, (c, at, value) => {
    const other = withSize(c, at, value);
    // no shared expert is a number of them
    if (other.ffn.kind === "moe" && other.ffn.shared === 0) return;
    refused(other, RangeError);
  }));
  fc.assert(fc.property(configuration, fc.nat(), noNumber, (c, at, value) => {
    const other = withSize(c, at, value);
    assert.throws(() => checkConfiguration(other), TypeError);
  }));
});

Deno.test("heads that do not divide the width, or are odd, are refused", () => {
  fc.assert(fc.property(configuration, size(40), (c, headWidth) => {
    fc.pre(c.width % headWidth !== 0 || headWidth % 2 !== 0);
    refused({ ...c, headWidth }, RangeError);
  }));
});

for (const [what, change] of WRONG) {
  Deno.test(`a router with ${what} is refused`, () => {
    fc.assert(fc.property(configuration, size(5), (c, n) => {
      if (c.ffn.kind === "dense") return;
      const ffn = { ...c.ffn, ...change(c.ffn, n) };
      // a divisor by chance
      fc.pre(
        !what.includes("divide") || ffn.experts % ffn.groups !== 0 || ffn.active % ffn.groups !== 0,
      );
      refused({ ...c, ffn }, RangeError);
    }));
  });
}

Deno.test("keys that are unknown, of the other kind or given twice are refused", () => {
  fc.assert(
    fc.property(configuration, fc.constantFrom("x=1", "hidden=3", "D", "L=1,L=1"), (c, more) => {
      assert.throws(
        () => parseConfiguration(`${formatConfiguration(c)},${more}`),
        /^(RangeError|TypeError): Cannot (use|read)/,
      );
    }),
  );
});

Deno.test("a model too large for any adapter is refused before anything of it is made", () => {
  const large = fc.constantFrom(2 ** 26, 2 ** 30, 2 ** 40, 2 ** 48);
  const context = contextOf(DATA.language, {
    adapter: { description: "none" },
    profile: { kernels: "software", storage: "texture" },
  } as Device);
  fc.assert(
    fc.property(configuration, size(7, 0), large, (c, at, value) => {
      const names = [...SIZES, ...FFN_SIZES[c.ffn.kind]], name = names[at % names.length];
      if (["experts", "active", "groups", "headWidth"].includes(name)) return;
      const sized = withSize(c, at, name === "width" ? value * c.headWidth : value);
      if (!Number.isSafeInteger(sized.width)) return;
      checkConfiguration(sized); // it is one, and a rule may transfer to it
      const job = jobFor(sized, "complete-mue", context);
      assert.throws(() => replicasThatFit(NO_DEVICE, job), /^RangeError: Cannot build the model: /);
    }),
    { numRuns: 40 },
  );
});
