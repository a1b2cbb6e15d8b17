/**
 * How the gpu variant of a kernel is held against the software variant on the same inputs: same
 * numbers, the same elements written and no others (outputs hold NaN before), and the same bits at
 * every run ({@link Stage.run} runs twice). That the software variants are right is shown
 * elsewhere, against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Device, DeviceProfile } from "../../kernels/gpu/device.ts";
import { roundUp, type Sizes } from "../../kernels/sizes.ts";
import { relativeError } from "../close.ts";
import { gaussians } from "../random.ts";
import { tolerance, type TOLERANCES } from "../tolerances.ts";
import { Stage } from "./stage.ts";

/** One output: its floats and which of them the kernel owes; the others stay NaN. */
export interface Output {
  floats: Float32Array;
  owed: (i: number) => boolean;
}
/** Outputs by name. */
export type Outputs = Record<string, Output>;

/** Fails unless both wrote exactly what they owe, with a relative error within the bound. */
export function judge(what: string, actual: Outputs, expected: Outputs, bound: number): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, { floats, owed }] of Object.entries(expected)) {
    const other = actual[name].floats;
    assert.equal(other.length, floats.length, `${what}.${name}: length`);
    const pair: [number[], number[]] = [[], []];
    for (let i = 0; i < floats.length; i++) {
      const found = `${what}.${name}[${i}]: software ${floats[i]}, gpu ${other[i]}`;
      if (owed(i)) {
        assert.ok(Number.isFinite(floats[i]) && Number.isFinite(other[i]), found);
        pair[0].push(other[i]);
        pair[1].push(floats[i]);
      } else {
        assert.ok(Number.isNaN(floats[i]) && Number.isNaN(other[i]), `not its own: ${found}`);
      }
    }
    assert.ok(pair[0].length > 0, `${what}.${name}: nothing to compare`);
    const error = relativeError(...pair);
    assert.ok(error <= bound, `${what}.${name}: relative error ${error} over ${bound}`);
  }
}

/** Runs a case in both variants, the gpu one on buffers and on textures, and judges. */
export async function compareVariants(
  device: Device,
  what: keyof typeof TOLERANCES,
  name: string,
  run: (stage: Stage) => Promise<Outputs>,
): Promise<void> {
  const under = async (profile: DeviceProfile) => {
    const stage = new Stage({ ...device, profile });
    const outputs = await run(stage);
    stage.destroy();
    return outputs;
  };
  const expected = await under({ kernels: "software", storage: "buffer" });
  for (const storage of ["buffer", "texture"] as const) {
    const actual = await under({ kernels: "gpu", storage });
    judge(`${name} on ${storage}s`, actual, expected, tolerance(device, what));
  }
}

/** The profile of a real GPU. */
export const GPU: DeviceProfile = { kernels: "gpu", storage: "buffer" };

/** `count` numbers with the columns from `real` to `padded` zero. */
export function rowsOf(seed: number, count: number, real: number, padded: number): Float32Array {
  const next = gaussians(seed);
  return Float32Array.from(
    { length: count * padded },
    (_, i) => i % padded < real ? next() : 0,
  );
}

/** Owed: the first `rows` of every replica's `allocated` rows of `width` floats. */
export function firstRows(rows: number, allocated: number, width: number): (i: number) => boolean {
  return (i) => Math.floor(i / width) % allocated < rows;
}

/** Sizes of replicas of `tokens` tokens. */
export function sizesOf(replicas: number, tokens: number, seq = tokens): Sizes {
  return { replicas, tokens, seq, rows: roundUp(tokens, 4) };
}

/** Replicas of most cases. */
export const REPLICAS = 2;
