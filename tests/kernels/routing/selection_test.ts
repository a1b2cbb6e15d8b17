/** Every way of picking experts, dropping, the balancing bias and the routers' facts, on the host. */
import assert from "node:assert/strict";
import { tileRows } from "../../../kernels/gemm/gemm.ts";
import type { Tensor } from "../../../kernels/gpu/tensor.ts";
import { capacityOf, isSparse, slotsPerToken } from "../../../kernels/routing/router.ts";
import {
  combine,
  gateBackward,
  route,
  type Router,
  routingLengths,
  type RoutingTensors,
} from "../../../kernels/routing/routing.ts";
import { routerStats, updateBias } from "../../../kernels/routing/selection.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians, uniforms } from "../../random.ts";
import { dot, type Matrix, matrix } from "../../reference/matrix.ts";
import { counts, gates, kept, pick, type PickedBy } from "../../reference/routing.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";
import { sortByExpert } from "./sort.ts";
import { Stage } from "../stage.ts";

const R = 2, NONE = 0xffffffff;
const up4 = (n: number) => Math.ceil(n / 4) * 4;

/** Logits of every replica as a tensor; padded columns hold the largest number, to show a pick among them. */
function stored(stage: Stage, logits: Matrix[], experts: number): Tensor {
  const rows = up4(logits[0].length), n = up4(experts);
  const data = new Float32Array(R * rows * n).fill(3e38);
  logits.forEach((m, z) => m.forEach((row, t) => data.set(row, (z * rows + t) * n)));
  return stage.input("f32x4", data);
}

/** Routes on the device; `by` holds what every replica picks by. */
async function routed(stage: Stage, router: Router, logits: Matrix[], by: PickedBy[]) {
  const { experts } = router, tokens = logits[0].length, rows = up4(tokens);
  const sizes = { replicas: R, tokens, rows, seq: tokens }, share = tileRows(stage.device.profile);
  const t = Object.fromEntries(
    Object.entries(routingLengths(sizes, router, share)).map(([name, length]) => [
      name,
      stage.output(
        name === "gate" ? "f32" : "u32",
        length,
        name === "mask" ? new Uint32Array(length) : undefined,
      ),
    ]),
  ) as Record<keyof RoutingTensors, Tensor>;
  const input = stored(stage, logits, experts), stats = stage.output("f32x4", R * 4);
  const ids = by.flatMap((b) => Array.from({ length: rows }, (_, t) => b.tokens?.[t] ?? 0));
  const more = {
    ...(by[0].bias ? { bias: stage.input("f32", by.flatMap((b) => b.bias!)) } : {}),
    ...(by[0].tokens ? { tokens: stage.input("u32", ids) } : {}),
    layer: by[0].layer,
  };
  await stage.run((program) => {
    route(program, sizes, router, share, input, t, more);
    const { ids, gate, place } = t;
    routerStats(program, sizes, router, { logits: input, ids, gate, place, stats });
  });
  return { t, stats: stage.floats(stats), sizes, share };
}

/** Routes and checks every tensor against the host. */
async function check(stage: Stage, router: Router, logits: Matrix[], by: PickedBy[] = [{}, {}]) {
  const { experts, active } = router, tokens = logits[0].length, rows = up4(tokens);
  const slots = slotsPerToken(router), choose = router.pick === "expert-choice";
  const { t, stats, share } = await routed(stage, router, logits, by);
  const picked = logits.map((m, z) => pick(m, router, by[z]));
  const serves = picked.map((m) => kept(m, router));
  /** a token's row of slots, with what fills an empty one */
  const slotted = <T>(row: number[], value: (j: number) => T, empty: T): T[] =>
    choose
      ? Array.from({ length: experts }, (_, e) => row.includes(e) ? value(row.indexOf(e)) : empty)
      : row.map((_, j) => value(j));
  const read = (name: keyof RoutingTensors) => stage.integers(t[name]);
  for (let z = 0; z < R; z++) {
    const from = z * rows * slots, to = from + tokens * slots;
    const ids = picked[z].flatMap((row) => slotted(row, (j) => row[j], NONE));
    assert.deepEqual(read("ids").slice(from, to), ids, `ids of replica ${z}`);
    const want = picked[z].flatMap((row, i) => {
      const g = router.pick === "hash"
        ? row.map(() => 1 / active)
        : gates(logits[z][i], row, router.gate);
      return slotted(row, (j) => g[j], 0);
    });
    const gate = stage.floats(t.gate).subarray(from, to), bound = tolerance(stage.device, "gate");
    assertClose("gates", gate, want, bound);
    // the facts of a router, as sums
    const sums = picked[z].map((row, i) => {
      const g = slotted(row, (j) => j, -1).map((_, s) => want[i * slots + s]).filter((x) => x > 0);
      const sum = g.reduce((a, b) => a + b, 0);
      return g.reduce((h, x) => h - x / sum * Math.log(x / sum), 0);
    });
    const lost = serves[z].flat().filter((x) => !x).length;
    const facts = [
      sums.reduce((a, b) => a + b, 0),
      Math.max(...logits[z].flat().map(Math.abs)),
      lost,
      serves[z].filter((row) => !row.includes(true)).length,
    ];
    const mine = stats.subarray(4 * z, 4 * z + 4);
    facts.forEach((f, i) => assertClose(`fact ${i}`, [mine[i] + 1], [f + 1], 1e-5));
  }
  const rowsOfSlots = picked.map((m, z) =>
    m.map((row, i) => slotted(row, (j) => serves[z][i][j] ? row[j] : -1, -1))
  );
  const sorted = sortByExpert(rowsOfSlots, experts, rows, share, active);
  const load = picked.flatMap((m) => counts(m, experts));
  assert.deepEqual(read("counts"), load);
  if (router.capacity !== undefined) assert.deepEqual(read("kept"), sorted.counts);
  assert.deepEqual(read("off"), sorted.off);
  assert.deepEqual(read("tileExpert"), sorted.tileExpert);
  // rows of unused tiles are nobody's
  assert.deepEqual(read("perm"), sorted.perm);
  const place = [...sorted.place];
  for (let z = 0; z < R; z++) {
    rowsOfSlots[z].flat().forEach((e, s) => {
      if (e < 0) place[z * rows * slots + s] = NONE;
    });
  }
  assert.deepEqual(read("place"), place);
  return { picked, serves, load };
}

const top = (experts: number, active: number, more: Partial<Router> = {}): Router => ({
  experts,
  active,
  groups: 1,
  gate: "sigmoid",
  ...more,
});

const CASES: [string, Router, number][] = [
  ["5e2a with a bias", top(5, 2, { biasRate: 0.1 }), 33],
  ["66e6a in 3 groups with a bias by softmax of all", {
    ...top(66, 6, { groups: 3, biasRate: 0.1 }),
    gate: "softmax-all",
  }, 33],
  ["12e4a limited to 2 of 4 groups", top(12, 4, { groups: 4, limit: 2 }), 70],
  ["70e5a limited to 3 of 7 groups with a bias by softmax", {
    ...top(70, 5, { groups: 7, limit: 3, biasRate: 0.1 }),
    gate: "softmax",
  }, 33],
  ["6e2a limited to 2 of 6 groups of one", top(6, 2, { groups: 6, limit: 2 }), 33],
  ["5e2a by hash", top(5, 2, { pick: "hash" }), 33],
  ["66e8a by hash", top(66, 8, { pick: "hash" }), 33],
  ["5e2a whose experts choose", top(5, 2, { pick: "expert-choice" }), 33],
  ["66e3a whose experts choose by softmax of all", {
    ...top(66, 3, { pick: "expert-choice" }),
    gate: "softmax-all",
  }, 70],
  ["5e2a with a capacity", top(5, 2, { capacity: 0.9 }), 70],
  ["66e3a in 3 groups with a capacity by softmax", {
    ...top(66, 3, { groups: 3, capacity: 0.5 }),
    gate: "softmax",
  }, 33],
  ["5e2a by hash with a capacity", top(5, 2, { pick: "hash", capacity: 1 }), 33],
];

for (const [name, router, tokens] of CASES) {
  Deno.test(`${name}: picks, gates, the sort by expert and the facts equal the host's`, () =>
    onEveryProfile(async (device) => {
      const { experts } = router, draw = gaussians(experts), u = uniforms(7);
      const stage = new Stage(device);
      const logits = [0, 1].map(() => matrix(tokens, experts, () => Math.fround(2 * draw())));
      const by = [0, 1].map((): PickedBy => ({
        ...(router.biasRate
          ? { bias: Array.from({ length: experts }, () => Math.fround(draw() / 4)) }
          : {}),
        ...(router.pick === "hash"
          ? { tokens: Array.from({ length: tokens }, () => Math.floor(u() * 256)), layer: 3 }
          : {}),
      }));
      const { picked, serves, load } = await check(stage, router, logits, by);
      // the twin: plain top picks differ, or some are dropped
      const plain = logits.map((m) =>
        pick(m, { ...top(experts, router.active), gate: router.gate })
      );
      const as = (m: number[][][]) => String(m.map((n) => n.map((row) => row.toSorted())));
      const dropped = serves.flat(2).filter((x) => !x).length;
      const unlike = as(plain) !== as(picked) || dropped > 0;
      assert.equal(unlike, !name.includes("groups of one"), "no token shows the router");
      if (router.capacity) assert.ok(dropped > 0, "nothing was dropped");
      if (router.pick === "expert-choice") {
        assert.ok(load.every((n) => n === capacityOf(router, tokens)));
      }
      stage.destroy();
    }));
}

Deno.test("ties go to the lower group, the lower expert and the earlier token", () =>
  withDevice({}, async (device) => {
    const stage = new Stage(device), same = [0, 1].map(() => matrix(9, 6, () => 0.5));
    const limited = await check(stage, top(6, 3, { groups: 3, limit: 2 }), same);
    assert.deepEqual(limited.picked[0][0], [0, 1, 2]);
    const chosen = await check(stage, top(6, 2, { pick: "expert-choice" }), same);
    assert.deepEqual(chosen.picked[0].map((row) => row.length), [6, 6, 6, 0, 0, 0, 0, 0, 0]);
    stage.destroy();
  }));

Deno.test("a hash knows the token and the layer alone, and spreads ids over the experts", () => {
  const r = top(16, 4, { pick: "hash" }), tokens = Array.from({ length: 256 }, (_, v) => v);
  const logits = tokens.map(() => new Array<number>(16).fill(0));
  const first = pick(logits, r, { tokens, layer: 0 });
  assert.ok(first.every((row) => new Set(row).size === 4));
  assert.notDeepEqual(pick(logits, r, { tokens, layer: 1 }), first);
  // 256 ids, 4 of 16 each: 64 on average, standard deviation about 7
  const load = counts(first, 16);
  assert.ok(load.every((n) => Math.abs(n - 64) < 28), `${load}`);
});

Deno.test("a token whose logits are not numbers picks distinct experts under every router", () =>
  onEveryProfile(async (device) => {
    for (
      const router of [
        top(5, 2, { biasRate: 0.1 }),
        top(6, 2, { groups: 3, limit: 2 }),
        { ...top(6, 2, { groups: 3, limit: 2 }), gate: "softmax-all" as const },
        top(5, 2, { pick: "expert-choice" }),
      ]
    ) {
      const stage = new Stage(device), { experts } = router, draw = gaussians(8);
      const logits = [0, 1].map(() => matrix(9, experts, draw));
      logits[0][2] = new Array<number>(experts).fill(NaN);
      logits[0][4][1] = NaN;
      logits[0][5][0] = Infinity;
      const bias = new Array<number>(experts).fill(0);
      const { t } = await routed(stage, router, logits, [{ bias }, { bias }]);
      const slots = slotsPerToken(router), ids = stage.integers(t.ids);
      for (let i = 0; i < 9; i++) {
        const mine = ids.slice(i * slots, (i + 1) * slots).filter((e) => e !== NONE);
        assert.ok(mine.every((e) => e < experts), `token ${i}: experts ${mine}`);
        assert.equal(new Set(mine).size, mine.length, `token ${i}: ${mine}`);
      }
      const load = stage.integers(t.counts).slice(0, experts);
      const all = router.pick === "expert-choice" ? experts * capacityOf(router, 9) : 18;
      assert.equal(load.reduce((a, b) => a + b), all);
      const want = pick(logits[1], router, { bias });
      assert.deepEqual(stage.integers(t.counts).slice(experts), counts(want, experts));
      stage.destroy();
    }
  }));

Deno.test("empty slots add nothing to the output and have no gradient", () =>
  onEveryProfile(async (device) => {
    const router = top(5, 3, { capacity: 1 }), bound = tolerance(device, "combine");
    assert.ok(isSparse(router) && !isSparse(top(5, 3)));
    const stage = new Stage(device), draw = gaussians(9), tokens = 9, rows = 12, d = 8, xRows = 20;
    const sizes = { replicas: 1, tokens, rows, seq: tokens };
    const x = matrix(xRows, d, draw), r = matrix(rows, d, draw), dz = matrix(rows, d, draw);
    const place = matrix(rows, 3, (t, j) => (t + j) % 4 === 0 ? NONE : (3 * t + j) % xRows);
    const gate = matrix(rows, 3, () => Math.fround(Math.abs(draw())));
    const y = stage.output("f32x4", rows * d), dgate = stage.output("f32", rows * 3);
    const tx = stage.input("f32x4", x.flat()), scales = stage.input("f32", [1.5]);
    const tPlace = stage.input("u32", place.flat());
    await stage.run((program) => {
      const t = { x: tx, place: tPlace, r: stage.input("f32x4", r.flat()), y };
      const forward = { gate: stage.input("f32", gate.flat()), scales, slot: 0, stride: 1 };
      combine(program, sizes, router, d / 4, xRows, t, forward);
      const back = { x: tx, dz: stage.input("f32x4", dz.flat()), place: tPlace, scales, dgate };
      gateBackward(program, sizes, router, d / 4, xRows, { slot: 0, stride: 1 }, back);
    });
    const sum = (t: number, c: number, first: number) =>
      place[t].reduce((s, at, j) => at === NONE ? s + first : s + gate[t][j] * x[at][c], 0);
    const want = (first: number) => matrix(tokens, d, (t, c) => r[t][c] + 1.5 * sum(t, c, first));
    const got = stage.floats(y).subarray(0, tokens * d);
    assertClose("combined", got, want(0).flat(), bound);
    assertApart("with the empty slots", got, want(0.1).flat(), bound);
    const slopes = place.slice(0, tokens).flatMap((row, t) =>
      row.map((at) => at === NONE ? 0 : 1.5 * dot(dz[t], x[at]))
    );
    const mine = stage.floats(dgate).subarray(0, tokens * 3);
    assertClose("dgate", mine, slopes, bound);
    assert.ok(slopes.some((s, i) => s === 0 && mine[i] === 0), "no slot was empty");
    stage.destroy();
  }));

Deno.test("a bias moves up below the mean load, down above it, and not at the mean", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), router = top(5, 2, { biasRate: 0.01 });
    // 15 tokens, 2 of 5 each: the mean is 6
    const load = [5, 6, 7, 0, 12, 6, 6, 6, 6, 6], bias = load.map((_, i) => Math.fround(i / 7));
    const pair = [stage.input("f32", bias), stage.output("f32", 10)] as [Tensor, Tensor];
    const sizes = { replicas: R, tokens: 15, rows: 16, seq: 15 };
    await stage.run((program) =>
      updateBias(program, sizes, router, {
        counts: stage.input("u32", load),
        bias: { pair },
      })
    );
    const rate = Math.fround(0.01);
    const want = bias.map((b, i) => Math.fround(b + rate * Math.sign(6 - load[i])));
    assert.deepEqual([...stage.floats(pair[1])], want);
    stage.destroy();
  }));

Deno.test("a router that picks by what it is not given is refused", () =>
  withDevice({}, async (device) => {
    const stage = new Stage(device), logits = [0, 1].map(() => matrix(9, 5, () => 0));
    await assert.rejects(routed(stage, top(5, 2, { pick: "hash" }), logits, [{}, {}]), {
      name: "TypeError",
      message: "Cannot route: the router picks by tokens, and none is given",
    });
    await assert.rejects(routed(stage, top(5, 2, { biasRate: 0.1 }), logits, [{}, {}]), {
      name: "TypeError",
      message: "Cannot route: the router picks by a bias, and none is given",
    });
    stage.destroy();
  }));

Deno.test("the capacity of a whole share is that share, of another the next whole number", () => {
  assert.equal(capacityOf(top(5, 2), 15), 6);
  assert.equal(capacityOf(top(5, 2), 16), 7);
  assert.equal(capacityOf(top(10, 3, { capacity: 1.1 }), 100), 33);
  assert.equal(capacityOf(top(64, 1, { capacity: 0.01 }), 4), 1);
});
