/** What every kernel is bound to is as long as its spec says, and a shorter tensor is refused. */
import assert from "node:assert/strict";
import type { Device } from "../../kernels/gpu/device.ts";
import { checkTensor, lengthOf } from "../../kernels/gpu/kernel.ts";
import { Program } from "../../kernels/gpu/program.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { type Call, callsOf, everyKernel } from "./every_kernel.ts";

/** Kernels of the tables, by name: one that is missing here is tested by nothing in this file. */
const KERNELS = `adamw attention attention_backward_kv attention_backward_q attention_block
  attention_block_backward_kv attention_block_backward_q ballot clip column_reduce combine
  cross_entropy cross_entropy_tree draw_batch draw_images drop embed embed_backward gain_sum
  gate_backward gated_add gated_add_backward gates gemm gemm_reduce gemm_shared log_step
  modulation_sums noise_patches pick_hash pick_tokens pick_top plan_tiles qk_norm_rope
  qk_norm_rope_backward rms_norm rms_norm_backward rms_norm_backward_tree rms_norm_tree
  roofline_copy roofline_fill roofline_fma roofline_read route route_backward router_stats
  sample_condition sample_guide sample_move sample_noise scatter scores silu silu_backward sum_squares time_features token_index update_bias
  velocity_loss`.split(/\s+/);

/** Calls of every kernel, with the profile they are made under. */
function* calls(): Generator<{ what: string; program: Program; call: Call }> {
  for (const c of everyKernel()) {
    for (const kernels of ["software", "gpu"] as const) {
      const program = new Program({ profile: { kernels, storage: "buffer" } } as Device);
      for (const call of callsOf(c, kernels)) {
        yield { what: `${call.kernel.name} in ${c.name}`, program, call };
      }
    }
  }
}

Deno.test("the table of calls has every kernel that has an entry point", () => {
  const found = new Set([...calls()].map(({ call }) => call.kernel.name));
  assert.deepEqual([...found].sort(), KERNELS);
  const entries: string[] = [], root = new URL("../../kernels/", import.meta.url);
  for (const room of Deno.readDirSync(root)) {
    if (!room.isDirectory) continue;
    for (const { name } of Deno.readDirSync(new URL(`${room.name}/`, root))) {
      if (!name.endsWith(".wgsl")) continue;
      const source = Deno.readTextFileSync(new URL(`${room.name}/${name}`, root));
      entries.push(
        ...Array.from(source.matchAll(/^fn (\w+)\(\s*@builtin/gm), ([, entry]) => entry),
      );
    }
  }
  assert.deepEqual(entries.sort(), KERNELS);
});

Deno.test("a call gives every tensor its kernel binds, and no other", () => {
  for (const { what, call: { kernel, roles } } of calls()) {
    const bound = [...Object.keys(kernel.inputs), ...Object.keys(kernel.outputs)];
    assert.deepEqual([...roles].sort(), bound.sort(), what);
  }
});

Deno.test("every kernel takes tensors of its shapes, and refuses each that is an element shorter", () => {
  let refused = 0;
  for (const { what, program, call } of calls()) {
    const { spec, kernel, constants, dims, grid } = call;
    const operands = Object.entries({ ...kernel.inputs, ...kernel.outputs });
    const tensors = Object.fromEntries(operands.map(([name, operand]) => {
      const length = lengthOf(kernel, operand, dims, grid);
      assert.ok(Number.isInteger(length) && length > 0, `${what}: ${name} has ${length}`);
      const tensor = { label: name, element: operand.element, length } as Tensor;
      checkTensor(kernel, name, tensor, dims, grid);
      return [name, tensor];
    }));
    for (const [name, operand] of operands) {
      const { length } = tensors[name], short = { ...tensors[name], length: length - 1 };
      assert.throws(
        () => program.add(spec, { ...tensors, [name]: short }, dims, grid, constants),
        {
          name: "RangeError",
          message: new RegExp(
            `^Cannot run ${kernel.name}: ${name} has ${length - 1} .* = ${length}$`,
          ),
        },
        what,
      );
      const other = {
        ...tensors[name],
        element: operand.element === "u32" ? "f32" : "u32",
      } as Tensor;
      assert.throws(
        () => program.add(spec, { ...tensors, [name]: other }, dims, grid, constants),
        { name: "TypeError", message: new RegExp(`^Cannot bind ${kernel.name}.${name}: want`) },
        what,
      );
      refused++;
    }
  }
  assert.ok(refused > 1000, `only ${refused} tensors were cut short`);
});
