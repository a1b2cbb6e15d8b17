/** The authors' worked example under both readings of its expert width: what is counted, and what is printed. */
import assert from "node:assert/strict";
import { layoutOf } from "../../model/shape.ts";
import { DEFAULT_TASK, taskById } from "../../model/tasks/registry.ts";
import { activeWidth, parseConfiguration, ratios } from "../../rule/configuration.ts";
import { ruleById } from "../../rule/registry.ts";
import { shapeOf } from "../../lab/train/job.ts";

const L = 32;
/** D is T tokens-per-step, of which any will do. */
const read = (h: number, hidden: number) => {
  const from = parseConfiguration(`dense:d=128,L=${L},H=${hidden},B=65536,D=1638400000`);
  return { from, to: parseConfiguration(`128e8a1s:d=1024,h=${h},D=6553600000`, from) };
};
const WIDE = read(1024, 128), HALF = read(512, 64), MIXED = read(512, 128);

/** Parameters of one block as models here lay it out, norms left out: a block more less one block. */
function block(name: string, h: number): number {
  const task = taskById(DEFAULT_TASK);
  const count = (depth: number) =>
    layoutOf(shapeOf(parseConfiguration(`${name}:d=1024,L=${depth},h=${h},dh=64`), task)).count;
  return count(2) - count(1) - 2 * 1024 - 2 * 64;
}

/** All and active parameters of the stack, without embeddings, in billions. */
function billions(h: number): [all: number, active: number] {
  // the router knows all experts where a token passes through eight
  const all = block("128e8a1s", h), active = block("8e8a1s", h) + 120 * 1024;
  return [L * all / 1e9, L * active / 1e9];
}

Deno.test("h = d counts twice what the authors say of their run, h = d/2 the same within 7%", () => {
  const [all, active] = billions(1024), [allHalf, activeHalf] = billions(512);
  const near = (x: number, y: number) => assert.ok(Math.abs(x / y - 1) < 5e-3, `${x} for ${y}`);
  near(all, 13.12);
  near(active, 1.044);
  near(allHalf, 6.63);
  near(activeHalf, 0.591);
  // 4d² + 3dh·129 + 128d, by hand
  assert.equal(L * (4 * 1024 ** 2 + 3 * 1024 * 512 * 129 + 128 * 1024) / 1e9, allHalf);
  for (const [found, said] of [[allHalf, 6.3], [activeHalf, 0.62]]) {
    assert.ok(Math.abs(found / said - 1) < 0.07, `${found} beside ${said}`);
  }
  assert.ok(all / 6.3 > 2 && active / 0.62 > 1.6);
  // what is in all and not in active fixes h·L/d, whatever attention and vocabulary are
  near((6.3 - 0.62) * 1e9 / (3 * 1024 ** 2 * 120), 15.04);
});

Deno.test("both readings have rho_H = 9, and every number of the example alike; a mixed one has not", () => {
  assert.deepEqual([WIDE, HALF].map(({ to }) => activeWidth(to) / to.width), [9, 4.5]);
  assert.deepEqual(ratios(WIDE.from, WIDE.to), ratios(HALF.from, HALF.to));
  assert.equal(ratios(HALF.from, HALF.to).activeWidth, 9);
  const hps = {
    lr: 1e-3,
    weightDecay: 0.1,
    eps: 1e-8,
    beta1: 0.9,
    beta2: 0.95,
    initStd: 0.01,
    embedInitStd: 0.01,
    unembedInitStd: 0.01,
  };
  const [wide, half, mixed] = [WIDE, HALF, MIXED].map(({ from, to }) =>
    ruleById("complete-mue").transfer(from, to, hps)
  );
  assert.deepEqual(half.rows, wide.rows);
  assert.deepEqual(half.multipliers, wide.multipliers);
  const { outputMultiplier, routeScale } = half.multipliers;
  assert.deepEqual([outputMultiplier, routeScale], [1 / 9, 8]);
  const of = (t: typeof half, tensor: string) => t.rows.find((row) => row.tensor === tensor)!;
  const printed = (tensor: string) => [of(half, tensor).lr, of(half, tensor).initStd.toFixed(4)];
  assert.deepEqual(printed("wdown"), [5e-4 / 8, "0.0106"]);
  assert.deepEqual(printed("wup"), [5e-4 / 8, "0.0035"]);
  assert.equal(of(half, "wup").weightDecay, 0.05);
  assert.equal(mixed.multipliers.outputMultiplier, 1 / 4.5);
  assert.ok(Math.abs(of(mixed, "wdown").initStd - 0.01 * 0.75) < 1e-15);
});
