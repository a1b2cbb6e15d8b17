/** The measured ceilings are rates of this device, and wrong results are no rates. */
import assert from "node:assert/strict";
import { streamCopy, streamRead } from "../../../kernels/roofline/roofline.ts";
import { createTensor, upload } from "../../../kernels/gpu/tensor.ts";
import {
  measureRoofline,
  mustBe,
  SHORT,
  type StreamKernels,
  WORKING_SET_BYTES,
} from "../../../model/measure/roofline.ts";
import { withDevice } from "../../with_device.ts";

Deno.test("the ceilings are rates with intervals, in the storage that the profile uses", () =>
  withDevice({}, async (device) => {
    const r = await measureRoofline(device, SHORT);
    for (const { estimate, lo, hi } of [r.fma_flops, r.read_bytes_s, r.copy_bytes_s]) {
      assert.ok(lo > 0 && lo <= estimate && estimate <= hi && Number.isFinite(hi));
    }
    assert.equal(r.storage, device.profile.storage);
    // samples this short must be complained about, and each complaint says of what
    assert.ok(r.warnings.every((w) => /^(fma|read|copy): /.test(w)), `${r.warnings}`);
    assert.ok(r.warnings.some((w) => /^read: short samples: /.test(w)), `${r.warnings}`);
  }));

Deno.test("the streams go over more than a cache holds", () => {
  assert.equal(WORKING_SET_BYTES, 512 * 2 ** 20);
});

Deno.test("a wrong element at either end is an error, not a rate", () =>
  withDevice({}, async (device) => {
    const tensor = createTensor(device, "x", "f32x4", 3000);
    const values = Float32Array.from({ length: 12000 }, (_, i) => i);
    const wanted = (i: number) => [0, 1, 2, 3].map((c) => 4 * i + c);
    upload(device, tensor, values);
    await mustBe(device, "read", tensor, 3000, wanted);
    for (const [at, message] of [[2, /element 0 is -1, not 2$/], [11997, /element 2999 is -1/]]) {
      upload(device, tensor, values.with(at as number, -1));
      await assert.rejects(
        mustBe(device, "read", tensor, 3000, wanted),
        (e: Error) =>
          /^Cannot trust the read rate: /.test(e.message) && (message as RegExp).test(e.message),
      );
    }
  }));

Deno.test("a copy that stores nothing, and a read that is left out, are errors, not rates", () =>
  withDevice({}, async (device) => {
    const short = { samples: 1, sample_s: 0.001, elements: 1 << 14 };
    const sound = { read: streamRead, copy: streamCopy };
    const elsewhere = createTensor(device, "elsewhere", "f32x4", 1 << 14);
    const measure = (kernels: StreamKernels) =>
      measureRoofline(device, { ...short, variants: 1, kernels });
    await measure(sound);
    const copy: typeof streamCopy = (program, size, x) => streamCopy(program, size, x, elsewhere);
    await assert.rejects(
      measure({ ...sound, copy }),
      /^DeviceError: Cannot trust the copy rate: element 0 is 1000, not 0$/,
    );
    for (const left of [0, 1, 2, 3]) {
      let calls = 0;
      const read: typeof streamRead = (program, size, x, out) => {
        if (calls++ !== left) streamRead(program, size, x, out);
      };
      await assert.rejects(
        measure({ ...sound, read }),
        /^DeviceError: Cannot trust the read rate: element 0 is 0, not /,
      );
    }
  }));
