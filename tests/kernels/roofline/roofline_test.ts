/** The kernels behind the ceilings compute what they say, and take the time of all of it. */
import assert from "node:assert/strict";
import { settle } from "../../../kernels/gpu/device.ts";
import { Program } from "../../../kernels/gpu/program.ts";
import { createTensor, downloadFloats, upload } from "../../../kernels/gpu/tensor.ts";
import { ratioOf, timeInterleaved } from "../../../kernels/gpu/timer.ts";
import {
  fma,
  fmaExpected,
  fmaFlops,
  fmaLanes,
  streamCopy,
  streamElements,
  streamFill,
  streamRead,
  streamSum,
  streamValue,
} from "../../../kernels/roofline/roofline.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";

const floats = (n: number, of: (i: number) => number[]) =>
  Float32Array.from(Array.from({ length: n }, (_, i) => of(i)).flat());

Deno.test("multiply-adds give the exact sums of their chains, and every lane stores", () =>
  onEveryProfile(async (device) => {
    for (const [chains, unroll, steps] of [[4, 4, 12], [24, 4, 8], [3, 5, 35], [1, 1, 7]]) {
      const size = { groups: 3, chains, unroll, steps }, lanes = fmaLanes(size);
      const factors = createTensor(device, "factors", "f32", 2);
      const out = createTensor(device, "out", "f32x4", lanes);
      upload(device, factors, Float32Array.of(1, 1));
      upload(device, out, new Float32Array(4 * lanes).fill(NaN));
      const program = new Program(device);
      fma(program, size, { factors, out });
      program.submit();
      assert.deepEqual(
        await downloadFloats(device, out),
        floats(lanes, (i) => fmaExpected(size, i)),
      );
      assert.equal(fmaFlops(size), 2 * 4 * 64 * 3 * chains * steps);
      // the twin: with other factors, other sums: x/2 + 3 of 4 tends to 6
      upload(device, factors, Float32Array.of(0.5, 3));
      program.submit();
      const x = [0, 1, 2, 3].map((v) => {
        let sum = 0;
        for (let c = 0; c < chains; c++) {
          let chain = v + c;
          for (let k = 0; k < steps; k++) chain = 0.5 * chain + 3;
          sum += chain;
        }
        return sum;
      });
      const found = await downloadFloats(device, out, 0, 1);
      x.forEach((want, i) => assert.ok(Math.abs(found[i] - want) < 1e-4 * want, `${found} ${x}`));
    }
    const program = new Program(device), tensor = createTensor(device, "t", "f32x4", 64);
    const bad = { groups: 1, chains: 4, unroll: 4, steps: 6 };
    assert.throws(
      () => fma(program, bad, { factors: tensor, out: tensor }),
      /^RangeError: Cannot check 6 steps of 4 chains, 4 in a turn$/,
    );
  }));

Deno.test("streams read every element once and copy every element", () =>
  onEveryProfile(async (device) => {
    for (const [lanes, rounds, groups] of [[8, 3, 5], [64, 1, 3], [256, 2, 1]]) {
      const size = { lanes, rounds, groups }, elements = streamElements(size);
      const x = createTensor(device, "x", "f32x4", elements);
      const to = createTensor(device, "to", "f32x4", elements);
      const sums = createTensor(device, "sums", "f32x4", groups * lanes);
      for (const tensor of [x, to, sums]) {
        upload(device, tensor, new Float32Array(4 * tensor.length).fill(NaN));
      }
      const program = new Program(device);
      streamFill(program, size, x, 3000);
      streamRead(program, size, x, sums);
      streamCopy(program, size, x, to);
      program.submit();
      const all = floats(elements, (i) => streamValue(i, 3000));
      assert.deepEqual(await downloadFloats(device, x), all);
      assert.deepEqual(await downloadFloats(device, to), all);
      const found = await downloadFloats(device, sums);
      assert.deepEqual(found, floats(groups * lanes, (i) => streamSum(size, i, 3000)));
      // each element is in exactly one sum
      const total = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0);
      assert.equal(total(found), total(all));
    }
  }));

Deno.test("four times the multiply-adds take about four times as long: none is left out", () =>
  withDevice({}, async (device) => {
    const factors = createTensor(device, "factors", "f32", 2);
    upload(device, factors, Float32Array.of(1, 1));
    const works = [512, 2048].map((steps) => {
      const size = { groups: 512, chains: 8, unroll: 4, steps };
      const out = createTensor(device, "out", "f32x4", fmaLanes(size));
      const program = new Program(device);
      fma(program, size, { factors, out });
      return {
        name: `${steps} steps`,
        async run(n: number) {
          program.submit(n);
          await settle(device);
        },
      };
    });
    const [short, long] = await timeInterleaved(device, works, { samples: 6, sample_s: 0.15 });
    const { estimate } = ratioOf(long, short);
    assert.ok(estimate > 3 && estimate < 5, `${estimate} times as long`);
  }));
