/**
 * Kernels as data: a {@link KernelSpec} declares a kernel's template, what it reads and writes with
 * the shape of each, its dims, and what differs between software adapters and GPUs. From it follow
 * the text for the shader compiler and what a call must bind.
 *
 * @module
 */
import { boundsOf } from "./bounds.ts";
import type { DeviceProfile } from "./device.ts";
import { type Constants, evaluate, expand } from "./template.ts";
import { type Element, FORMATS, ROW } from "./tensor.ts";

/** Type of one field of the uniform `dims`. */
export type DimType = "u32" | "f32";

/**
 * A tensor of a kernel. Its axes are expressions (see template.ts) of the dims, the constants, `R`
 * (replicas: the grid's z, unless the call says otherwise) and `X` (the grid's x); their product is
 * how many elements the kernel may touch.
 */
export interface Operand {
  element: Element;
  shape: readonly string[];
  /** what messages say instead of a shape that is one long formula */
  says?: string;
  /** bound only where this expression of the constants is not 0 */
  when?: string;
}

/** An operand of vec4 elements. */
export function vec4(...shape: string[]): Operand {
  return { element: "f32x4", shape };
}

/** An operand of floats. */
export function f32(...shape: string[]): Operand {
  return { element: "f32", shape };
}

/** An operand of unsigned integers. */
export function u32(...shape: string[]): Operand {
  return { element: "u32", shape };
}

/** An operand that only some constants bind. */
export function when(condition: string, operand: Operand): Operand {
  return { ...operand, when: condition };
}

/** A kernel in one variant. */
export interface Kernel {
  /** entry point in the source, never `main` */
  name: string;
  /** WGSL template (see template.ts); reads through load_NAME(i), writes through store_NAME(i, v) */
  source: string;
  /** sources its template may include, by name */
  includes?: Readonly<Record<string, string>>;
  inputs: Readonly<Record<string, Operand>>;
  outputs: Readonly<Record<string, Operand>>;
  /** fields of its uniform */
  dims: Readonly<Record<string, DimType>>;
  /** template constants, part of the pipeline's identity */
  constants?: Constants;
}

/** A kernel, and what software adapters and GPUs have otherwise. */
export interface KernelSpec extends Kernel {
  variants?: { software?: Partial<Kernel>; gpu?: Partial<Kernel> };
}

/** The operands that the constants bind. */
function bound(
  operands: Readonly<Record<string, Operand>>,
  constants: Constants,
): Record<string, Operand> {
  return Object.fromEntries(
    Object.entries(operands).filter(([, { when }]) =>
      when === undefined || evaluate(when, constants)
    ),
  );
}

/**
 * A spec's variant for an adapter.
 *
 * @param constants those of the call, over the spec's own
 */
export function kernelOf(
  spec: KernelSpec,
  kernels: DeviceProfile["kernels"],
  constants: Constants = {},
): Kernel {
  const { variants, ...base } = spec, over = variants?.[kernels] ?? {};
  const all = { ...base.constants, ...over.constants, ...constants };
  const kernel = { ...base, ...over, constants: all };
  return { ...kernel, inputs: bound(kernel.inputs, all), outputs: bound(kernel.outputs, all) };
}

/** Elements an operand has at least, in a call of these dims and grid. */
export function lengthOf(
  kernel: Kernel,
  operand: Operand,
  dims: Readonly<Record<string, number>>,
  grid: readonly [number, number, number],
): number {
  const names = { X: grid[0], R: grid[2], ...kernel.constants, ...dims };
  return operand.shape.reduce((length, axis) => length * evaluate(axis, names), 1);
}

/** How messages count elements. */
const UNITS: Record<Element, string> = { "f32x4": "vec4", "f32": "f32", "u32": "u32" };

/**
 * Checks a tensor against what a kernel touches; it may be longer.
 *
 * @throws {TypeError} for elements of another kind
 * @throws {RangeError} for too few elements
 */
export function checkTensor(
  kernel: Kernel,
  name: string,
  tensor: { element: Element; length: number },
  dims: Readonly<Record<string, number>>,
  grid: readonly [number, number, number],
): void {
  const operand = kernel.inputs[name] ?? kernel.outputs[name], { element, length } = tensor;
  if (element !== operand.element) {
    throw new TypeError(
      `Cannot bind ${kernel.name}.${name}: want ${operand.element}, found ${element}`,
    );
  }
  const want = lengthOf(kernel, operand, dims, grid);
  if (!(length >= want)) {
    throw new RangeError(
      `Cannot run ${kernel.name}: ${name} has ${length} ${UNITS[element]}, ` +
        `want ${operand.says ?? `[${operand.shape.join(", ")}]`} = ${want}`,
    );
  }
}

/** Workgroups along x of a grid too long for one axis; the further ones go along y. */
export const FOLD = 32768;
/** Lanes of a workgroup in a grid of one lane per element. */
export const GROUP = 64;

/**
 * WGSL of the dims, the bindings and the accessors of a kernel.
 *
 * Bounds are read through an index that is itself read from the uniform. A driver that specializes
 * a shader for the uniforms its loops depend on (lavapipe does, at every dispatch whose uniforms
 * differ from the last one's: 0.5 to 25 ms each) cannot see through that, and leaves it alone. The
 * other dims are read where they lie, which costs it one load for all lanes.
 */
function preamble(
  spec: Kernel,
  storage: DeviceProfile["storage"],
  buffered: ReadonlySet<string>,
  source: string,
): string {
  const bounds = boundsOf(source);
  const fields = Object.entries(spec.dims), slots = Math.ceil(fields.length / 4) + 1;
  const lines = [
    "struct Dims {",
    ...fields.map(([name, type]) => `  ${name}: ${type},`),
    "}",
    "fn read_dims() -> Dims {",
    "  let at = uniforms[0].x;",
    `  return Dims(${
      fields.map(([name, type], i) => {
        const row = `${bounds.has(name) ? "at + " : ""}${1 + Math.floor(i / 4)}u`;
        const word = `uniforms[${row}][${i % 4}]`;
        return type === "f32" ? `bitcast<f32>(${word})` : word;
      }).join(", ")
    });`,
    "}",
    "// the lane's number in a grid of one lane per element, which may be folded; see sizes.ts",
    `fn lane_of(id: vec3<u32>) -> u32 { return id.y * ${FOLD * GROUP}u + id.x; }`,
  ];
  const scalar = { "f32x4": "vec4<f32>", "f32": "f32", "u32": "u32" };
  const at = `vec2<u32>(i & ${ROW - 1}u, i >> ${Math.log2(ROW)}u)`;
  let binding = 0;
  for (const [name, { element }] of Object.entries(spec.inputs)) {
    const type = scalar[element], part = element === "f32x4" ? "" : ".x";
    if (storage === "texture") {
      lines.push(
        `@group(0) @binding(${binding++}) var t_${name}: texture_storage_2d<${
          FORMATS[element]
        }, read>;`,
        `fn load_${name}(i: u32) -> ${type} { return textureLoad(t_${name}, ${at})${part}; }`,
      );
    } else {
      lines.push(
        `@group(0) @binding(${binding++}) var<storage, read> t_${name}: array<${type}>;`,
        `fn load_${name}(i: u32) -> ${type} { return t_${name}[i]; }`,
      );
    }
  }
  for (const [name, { element }] of Object.entries(spec.outputs)) {
    const type = scalar[element];
    if (storage === "texture" && !buffered.has(name)) {
      const wide = element === "u32" ? "vec4<u32>(v, 0u, 0u, 0u)" : "vec4<f32>(v, 0.0, 0.0, 0.0)";
      lines.push(
        `@group(0) @binding(${binding++}) var t_${name}: texture_storage_2d<${
          FORMATS[element]
        }, write>;`,
        `fn store_${name}(i: u32, v: ${type}) { textureStore(t_${name}, ${at}, ${
          element === "f32x4" ? "v" : wide
        }); }`,
      );
    } else {
      lines.push(
        `@group(0) @binding(${binding++}) var<storage, read_write> t_${name}: array<${type}>;`,
        `fn store_${name}(i: u32, v: ${type}) { t_${name}[i] = v; }`,
      );
    }
  }
  lines.push(`@group(0) @binding(${binding}) var<uniform> uniforms: array<vec4<u32>, ${slots}>;`);
  return lines.join("\n");
}

/** The source with `let dims = read_dims();` as the first statement of its entry point. */
function withDims(source: string, entry: string): string {
  const name = source.indexOf(`fn ${entry}(`);
  if (name < 0) throw new SyntaxError(`Cannot compile ${entry}: the source has no such function`);
  let depth = 0, at = source.indexOf("(", name);
  do {
    if (source[at] === "(") depth++;
    if (source[at] === ")") depth--;
    at++;
  } while (depth > 0);
  const body = source.indexOf("{", at) + 1;
  return `${source.slice(0, body)}\n  let dims = read_dims();${source.slice(body)}`;
}

/**
 * The text a kernel gives the shader compiler.
 *
 * @param buffered outputs that are storage buffers also where tensors are textures
 */
export function textOf(
  kernel: Kernel,
  storage: DeviceProfile["storage"],
  buffered: ReadonlySet<string> = new Set(),
): string {
  const source = expand(kernel.source, kernel.constants ?? {}, kernel.includes);
  return `${preamble(kernel, storage, buffered, source)}\n${withDims(source, kernel.name)}`;
}
