/** Routing from logits to sorted slots and back, against float64 and a host sort. */
import assert from "node:assert/strict";
import { tileRows } from "../../../kernels/gemm/gemm.ts";
import type { Tensor } from "../../../kernels/gpu/tensor.ts";
import {
  combine,
  gateBackward,
  MAX_EXPERTS,
  maxTiles,
  route,
  routeBackward,
  type Router,
  routingLengths,
  type RoutingTensors,
} from "../../../kernels/routing/routing.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { dot, type Matrix, matrix } from "../../reference/matrix.ts";
import {
  balanceLoss,
  counts,
  gates,
  routerBackward,
  select,
  shares,
  zLoss,
} from "../../reference/routing.ts";
import { logSumExp } from "../../reference/loss.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { sortByExpert } from "./sort.ts";
import { floatsOf, type Place, Stage } from "../stage.ts";

const R = 2;
const up4 = (n: number) => Math.ceil(n / 4) * 4;
const dense = (rows: number, cols: number): Place => ({
  replicas: R,
  rows,
  cols,
  base: 0,
  stride: cols,
  replica: rows * cols,
});

/** Routing tensors as outputs of a stage. */
function outputs(stage: Stage, sizes: Parameters<typeof routingLengths>[0], router: Router) {
  const lengths = routingLengths(sizes, router, tileRows(stage.device.profile));
  return Object.fromEntries(
    Object.entries(lengths).map(([name, length]) => [
      name,
      // the mask's rows past the last token are read: like every surplus row they must be zero
      stage.output(
        name === "gate" ? "f32" : "u32",
        length,
        name === "mask" ? new Uint32Array(length) : undefined,
      ),
    ]),
  ) as Record<keyof RoutingTensors, Tensor>;
}

/** Routes logits [replica][token][expert] and checks every tensor of the result. */
async function checkRoute(stage: Stage, router: Router, logits: Matrix[]) {
  const { experts, active } = router, tokens = logits[0].length, rows = up4(tokens);
  const sizes = { replicas: R, tokens, rows, seq: tokens };
  const share = tileRows(stage.device.profile), p = dense(rows, up4(experts));
  // padded columns hold the largest number, to show a pick among them
  const data = new Float32Array(floatsOf(p)).fill(3e38);
  logits.forEach((m, z) => m.forEach((row, t) => data.set(row, z * p.replica + t * p.stride)));
  const t = outputs(stage, sizes, router);
  await stage.run((program) => route(program, sizes, router, share, stage.input("f32x4", data), t));
  const ids = logits.map((m) => m.map((row) => select(row, router)));
  const sorted = sortByExpert(ids, experts, rows, share);
  const read = (name: keyof RoutingTensors) => stage.integers(t[name]);
  const gate = stage.floats(t.gate);
  for (let z = 0; z < R; z++) {
    const slots = z * rows * active, real = tokens * active;
    // the order of the picks is by group and size, as the reference's
    assert.deepEqual(read("ids").slice(slots, slots + real), ids[z].flat(), `ids of replica ${z}`);
    const want = ids[z].flatMap((row, i) => gates(logits[z][i], row, router.gate));
    const mine = gate.subarray(slots, slots + real);
    const bound = tolerance(stage.device, "gate");
    assertClose("gates", mine, want, bound);
    if (active > 1) assertApart("gates in another order", mine, want.toReversed(), bound);
  }
  assert.deepEqual(read("counts"), sorted.counts);
  assert.deepEqual(read("counts"), ids.flatMap((m) => counts(m, experts)));
  assert.deepEqual(read("off"), sorted.off);
  assert.deepEqual(read("tileExpert"), sorted.tileExpert);
  assert.equal(sorted.tiles, maxTiles(tokens, router, share));
  assert.deepEqual(read("perm"), sorted.perm);
  assert.deepEqual(read("place"), sorted.place);
  return { ids, sorted };
}

const ROUTERS: [string, Router, number][] = [
  ["5e2a by sigmoid", { experts: 5, active: 2, groups: 1, gate: "sigmoid" }, 33],
  ["64e8a by softmax", { experts: 64, active: 8, groups: 1, gate: "softmax" }, 70],
  ["9e6a in 3 groups by softmax", { experts: 9, active: 6, groups: 3, gate: "softmax" }, 70],
  ["66e3a in 3 groups by sigmoid", { experts: 66, active: 3, groups: 3, gate: "sigmoid" }, 33],
  ["5e2a by softmax of all", { experts: 5, active: 2, groups: 1, gate: "softmax-all" }, 33],
  ["9e6a in 3 groups by softmax of all", {
    experts: 9,
    active: 6,
    groups: 3,
    gate: "softmax-all",
  }, 70],
  ["66e3a in 3 groups by raw sigmoid", {
    experts: 66,
    active: 3,
    groups: 3,
    gate: "sigmoid-raw",
  }, 33],
  ["4e4a by sigmoid", { experts: 4, active: 4, groups: 1, gate: "sigmoid" }, 7],
];

for (const [name, router, tokens] of ROUTERS) {
  Deno.test(`${name}: ids, gates and the sort by expert equal the host's, ties included`, () =>
    onEveryProfile(async (device) => {
      const draw = gaussians(router.experts), { experts } = router;
      const stage = new Stage(device);
      // the first replica's logits are quarters: many ties; the last rows are all equal
      const logits = [0, 1].map((z) =>
        matrix(
          tokens,
          experts,
          (t) => t >= tokens - 2 ? 0.5 : z ? 2 * draw() : Math.round(4 * draw()) / 4,
        )
      );
      const { ids } = await checkRoute(stage, router, logits);
      const toTheHigher = logits[0].map((row) =>
        select(row.toReversed(), router).map((e) => experts - 1 - e)
      );
      const as = (m: number[][]) => String(m.map((row) => row.toSorted((a, b) => a - b)));
      if (router.active < experts) {
        assert.notEqual(as(toTheHigher), as(ids[0]), "no ties in the data");
      }
      stage.destroy();
    }));
}

Deno.test("all tokens to one expert fill its rows alone", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), router: Router = { ...ROUTERS[0][1], active: 1 };
    const logits = [3, 4].map((chosen) => matrix(33, 5, (t, e) => e === chosen ? 9 + t : -e));
    const { sorted } = await checkRoute(stage, router, logits);
    assert.deepEqual(sorted.counts, [0, 0, 0, 33, 0, 0, 0, 0, 0, 33]);
    stage.destroy();
  }));

Deno.test("logits of every size keep the order and finite gates", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), sizes = [1e-30, -1e30, 80, -80, 1e30];
    const logits = [0, 1].map((z) => matrix(5, 5, (t, e) => sizes[(e + t + z) % 5]));
    for (const gate of ["softmax", "softmax-all"] as const) {
      await checkRoute(stage, { experts: 5, active: 2, groups: 1, gate }, logits);
    }
    // the largest of all may lie in any group: exp must not overflow against another's
    const groups = [0, 1].map((z) => matrix(6, 9, (t, e) => 200 * ((e + 4 * t + z) % 9)));
    await checkRoute(stage, { experts: 9, active: 6, groups: 3, gate: "softmax" }, groups);
    stage.destroy();
  }));

Deno.test("a token whose logits are not numbers crashes nothing and leaves the others right", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), router = ROUTERS[0][1], tokens = 33, rows = up4(tokens);
    const { experts, active } = router, draw = gaussians(50), share = tileRows(device.profile);
    const sizes = { replicas: R, tokens, rows, seq: tokens };
    const logits = [0, 1].map(() => matrix(tokens, experts, draw));
    // replica 0: one token is NaN altogether, one in one expert, one infinite; replica 1 is sound
    logits[0][3] = Array(5).fill(NaN);
    logits[0][9][2] = NaN;
    logits[0][20][1] = Infinity;
    const t = outputs(stage, sizes, router), p = dense(rows, 8);
    await stage.run((program) =>
      route(program, sizes, router, share, stage.matrices(p, logits), t)
    );
    const ids = stage.integers(t.ids), gate = stage.floats(t.gate);
    const place = stage.integers(t.place), total = stage.integers(t.off);
    for (let z = 0; z < R; z++) {
      for (let i = 0; i < tokens; i++) {
        const slot = (z * rows + i) * active, mine = ids.slice(slot, slot + active);
        assert.ok(mine.every((e) => e < experts), `token ${i}: experts ${mine}`);
        assert.equal(new Set(mine).size, active, `token ${i} selects an expert twice: ${mine}`);
        const at = place.slice(slot, slot + active);
        assert.ok(at.every((row) => row < maxTiles(tokens, router, share) * share), `row ${at}`);
        if (logits[z][i].every(Number.isFinite)) {
          assert.deepEqual(mine, select(logits[z][i], router));
          const want = gates(logits[z][i], mine, router.gate);
          assertClose("gates", gate.subarray(slot, slot + active), want, tolerance(device, "gate"));
        }
      }
    }
    const sound = sortByExpert([logits[1].map((row) => select(row, router))], experts, rows, share);
    assert.deepEqual(total.slice(experts + 1), sound.off);
    assert.deepEqual(stage.integers(t.counts).slice(experts), sound.counts);
    stage.destroy();
  }));

Deno.test("more experts than the planner holds are a range error", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device),
      router: Router = { ...ROUTERS[0][1], experts: MAX_EXPERTS + 1 };
    const one = stage.output("u32", 4);
    const t = Object.fromEntries(
      Object.keys(routingLengths({ replicas: 1, tokens: 1, rows: 4, seq: 1 }, router, 8))
        .map((name) => [name, one]),
    ) as unknown as RoutingTensors;
    await assert.rejects(
      stage.run((program) =>
        route(program, { replicas: 1, tokens: 1, rows: 4, seq: 1 }, router, 8, one, t)
      ),
      { name: "RangeError", message: /Cannot route to 1025 experts: at most 1024/ },
    );
    stage.destroy();
  }));

Deno.test("experts' rows are added back per token by gate, and their gradients without", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "combine"), stage = new Stage(device), draw = gaussians(51);
    const tokens = 33, rows = 36, d = 13, dp = 16, active = 3, xRows = 120, scales = [1.5, -0.5];
    const router: Router = { ...ROUTERS[0][1], active };
    const sizes = { replicas: R, tokens, rows, seq: tokens };
    const x = [0, 1].map(() => matrix(xRows, d, draw)),
      r = [0, 1].map(() => matrix(tokens, d, draw));
    const dz = [0, 1].map(() => matrix(tokens, d, draw));
    const place = [0, 1].map((z) =>
      matrix(rows, active, (t, j) => (t * active + j) * 7 % (xRows - 1) + z)
    );
    const gate = [0, 1].map(() => matrix(rows, active, () => Math.fround(Math.abs(draw()))));
    const px = dense(xRows, dp), p = dense(rows, dp);
    const tx = stage.matrices(px, x), tz = stage.matrices(p, dz);
    const tPlace = stage.input("u32", place.flat(2)), tr = stage.matrices(p, r);
    const scale = stage.input("f32", [NaN, scales[0], NaN, NaN, scales[1], NaN]);
    const y = stage.output("f32x4", floatsOf(p)), plain = stage.output("f32x4", floatsOf(p));
    const dgate = stage.output("f32", R * rows * active);
    await stage.run((program) => {
      combine(program, sizes, router, dp / 4, xRows, { x: tx, place: tPlace, r: tr, y }, {
        gate: stage.input("f32", gate.flat(2)),
        scales: scale,
        slot: 1,
        stride: 3,
      });
      combine(program, sizes, router, dp / 4, xRows, { x: tx, place: tPlace, r: tr, y: plain });
      gateBackward(program, sizes, router, dp / 4, xRows, { slot: 1, stride: 3 }, {
        x: tx,
        dz: tz,
        place: tPlace,
        scales: scale,
        dgate,
      });
    });
    for (let z = 0; z < R; z++) {
      const sum = (weight: (t: number, j: number) => number) =>
        matrix(
          tokens,
          d,
          (t, c) => place[z][t].reduce((s, row, j) => s + weight(t, j) * x[z][row][c], 0),
        );
      const want = sum((t, j) => gate[z][t][j]).map((row, t) =>
        row.map((v, c) => r[z][t][c] + scales[z] * v)
      );
      const got = stage.matrix(y, p, z, tokens, d).flat();
      assertClose("combined", got, want.flat(), bound);
      assertApart("without the gates", got, sum(() => 1).flat(), bound);
      const added = sum(() => 1).map((row, t) => row.map((v, c) => r[z][t][c] + v));
      assertClose("plain", stage.matrix(plain, p, z, tokens, d).flat(), added.flat(), bound);
      const slots = z * rows * active;
      const wantGate = place[z].slice(0, tokens).flatMap((row, t) =>
        row.map((at) => scales[z] * dot(dz[z][t], x[z][at]))
      );
      const mine = stage.floats(dgate).subarray(slots, slots + tokens * active);
      assertClose("dgate", mine, wantGate, bound);
      assertApart("not scaled", mine, wantGate.map((v) => v / scales[z]), bound);
      const past = stage.floats(dgate).subarray(slots + tokens * active, slots + rows * active);
      assert.ok(past.every(Number.isNaN), "a surplus row was written");
    }
    stage.assertGapsUntouched(y, p, tokens);
    stage.destroy();
  }));

for (const [name, router, tokens] of [0, 2, 4, 5, 6].map((i) => ROUTERS[i])) {
  Deno.test(`${name}: the gradient of the logits, balance and z-loss match float64`, () =>
    onEveryProfile(async (device) => {
      const bound = tolerance(device, "routeBackward"), { experts, active } = router;
      const rows = up4(tokens), n = up4(experts), p = dense(rows, n), draw = gaussians(52);
      const sizes = { replicas: R, tokens, rows, seq: tokens };
      const logits = [0, 1].map(() => matrix(tokens, experts, () => Math.fround(2 * draw())));
      const ids = logits.map((m) => m.map((row) => select(row, router)));
      const gate = logits.map((m, z) => m.map((row, t) => gates(row, ids[z][t], router.gate)));
      const dgate = [0, 1].map(() => matrix(tokens, active, draw));
      const spread = (m: number[][][]) =>
        m.flatMap((of) => [...of.flat(), ...Array((rows - tokens) * active).fill(0)]);
      // each part alone, so that a large one does not hide a small one; then all
      for (
        const coefficients of [
          { balance: 0, z: 0 },
          { balance: 30, z: 0 },
          { balance: 0, z: 0.5 },
          { balance: 0.01, z: 0.001 },
        ]
      ) {
        const stage = new Stage(device), layers = 2, layer = 1;
        const taskless = coefficients.balance > 1 || coefficients.z > 0.1;
        const dg = taskless ? dgate.map((m) => m.map((row) => row.map(() => 0))) : dgate;
        const dlogits = stage.output("f32x4", floatsOf(p));
        const aux = stage.output("f32x4", layers * R * rows * 4);
        await stage.run((program) =>
          routeBackward(program, sizes, router, coefficients, layer, {
            logits: stage.matrices(p, logits),
            ids: stage.input("u32", spread(ids)),
            gate: stage.input("f32", spread(gate)),
            dgate: stage.input("f32", spread(dg)),
            counts: stage.input("u32", ids.flatMap((m) => counts(m, experts))),
            dlogits,
            aux,
          })
        );
        for (let z = 0; z < R; z++) {
          const load = counts(ids[z], experts).map((c) => c / tokens);
          const gradient = (c: typeof coefficients, l = load) =>
            logits[z].flatMap((row, t) => routerBackward(row, dg[z][t], l, tokens, router, c));
          const got = stage.matrix(dlogits, p, z, tokens, experts).flat();
          const what = `balance ${coefficients.balance}, z ${coefficients.z}`;
          assertClose(what, got, gradient(coefficients), bound);
          const off = { balance: coefficients.balance * 1.01 + 0.01, z: coefficients.z };
          assertApart(what, got, gradient(off), bound);
          assertApart(what, got, gradient({ ...coefficients, z: coefficients.z + 0.001 }), bound);
          const padded = stage.matrix(dlogits, p, z, tokens, n).flatMap((row) =>
            row.slice(experts)
          );
          assert.ok(padded.every((x) => x === 0), "the padding is not zero");
          const all = stage.floats(aux), from = (layer * R + z) * rows;
          const line = (t: number) => [...all.subarray((from + t) * 4, (from + t + 1) * 4)];
          const lines = Array.from({ length: tokens }, (_, t) => line(t));
          const sum = (c: number) => lines.reduce((s, l) => s + l[c], 0);
          assertClose("balance loss", [sum(0)], [balanceLoss(logits[z], load, router)], bound);
          assertClose("z-loss", [sum(1)], [zLoss(logits[z])], bound);
          const own = logits[z].map((row) =>
            dot(shares(row, router.gate), load) * experts / active / tokens
          );
          assertClose("balance per token", lines.map((l) => l[0]), own, bound);
          const z2 = logits[z].map((row) => logSumExp(row) ** 2 / tokens);
          assertClose("z-loss per token", lines.map((l) => l[1]), z2, bound);
          assertApart(
            "balance loss doubled",
            [sum(0)],
            [2 * balanceLoss(logits[z], load, router)],
            bound,
          );
        }
        assert.ok(
          stage.floats(aux).subarray(0, R * rows * 4).every(Number.isNaN),
          "another layer's part was written",
        );
        stage.assertGapsUntouched(dlogits, p, tokens);
        stage.destroy();
      }
    }));
}
