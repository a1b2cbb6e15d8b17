/** The autotuner: made-up cases on a made-up clock, its cache, and its real cases' results. */
import assert from "node:assert/strict";
import {
  caseName,
  CLASSES,
  classOf,
  DEFAULT_TILE,
  KINDS,
  SHARE_ROWS,
} from "../../../kernels/gemm/gemm_tiles.ts";
import { type Device, openDevice } from "../../../kernels/gpu/device.ts";
import { ROW_CASE } from "../../../kernels/norm/tree.ts";
import { faultOf, tuneCase, type TuningCase, warningsOf } from "../../../kernels/tuning/tuning.ts";
import { tune, tuneDevice, tuningFile, tuningKey } from "../../../kernels/tuning/tuning_cache.ts";
import { deviations, shapeOf, tuningCases } from "../../../kernels/tuning/tuning_cases.ts";
import { adapterIdentity } from "../../../lab/train/job.ts";
import { selfTest } from "../../../model/check/selftest.ts";
import { withDevice } from "../../with_device.ts";
import { GPU } from "../variants.ts";

/** A candidate: seconds of one repetition, and what it computes. */
type Made = { time_s: number; gives?: number[] | Error };
const RIGHT = [1, -2, 3, 4];

/** A case of made-up candidates, whose repetitions move the clock it comes with. */
function made(name: string, candidates: Record<string, Made>, drift = 1) {
  const state = { now: 0, opened: 0, closed: 0, runs: {} as Record<string, number> };
  const c: TuningCase = {
    name,
    candidates: Object.keys(candidates),
    open() {
      state.opened++;
      return Promise.resolve({
        expected: () => Promise.resolve(Float32Array.from(RIGHT)),
        outputs(candidate: string) {
          const { gives = RIGHT } = candidates[candidate];
          return gives instanceof Error
            ? Promise.reject(gives)
            : Promise.resolve(Float32Array.from(gives));
        },
        run(candidate: string, n: number) {
          state.now += n * candidates[candidate].time_s * drift ** (state.now / 0.1);
          state.runs[candidate] = (state.runs[candidate] ?? 0) + n;
          return Promise.resolve();
        },
        destroy: () => void state.closed++,
      });
    },
  };
  return { c, state, clock: () => state.now };
}

Deno.test("the fastest right candidate is chosen, and its times are told", async () => {
  const { c, clock, state } = made("a", {
    first: { time_s: 4e-3 },
    fast: { time_s: 1e-3 },
    slow: { time_s: 9e-3 },
  });
  const { choice, times_s, rejected } = await tuneCase(c, clock);
  assert.equal(choice, "fast");
  assert.deepEqual(rejected, {});
  for (const [name, want] of [["first", 4e-3], ["fast", 1e-3], ["slow", 9e-3]] as const) {
    assert.ok(Math.abs(times_s[name]! - want) < 1e-9, `${name}: ${times_s[name]}`);
  }
  assert.ok(state.runs.fast > 3 * 90 && state.runs.fast < 1000, `${state.runs.fast} repetitions`);
  assert.equal(state.closed, 1);
});

Deno.test("a wrong candidate is rejected before it is timed, however fast", async () => {
  const { c, clock, state } = made("a", {
    first: { time_s: 4e-3 },
    wrong: { time_s: 1e-6, gives: [1, -2, 3, 4.01] },
    unwritten: { time_s: 1e-6, gives: [1, -2, NaN, 4] },
    short: { time_s: 1e-6, gives: [1, -2, 3] },
    refused: { time_s: 1e-6, gives: new Error("Shader error\nat line 3") },
    right: { time_s: 2e-3, gives: [1, -2, 3, 4.0001] },
  });
  const result = await tuneCase(c, clock);
  assert.equal(result.choice, "right");
  assert.deepEqual(Object.keys(result.rejected), ["wrong", "unwritten", "short", "refused"]);
  for (const name of ["wrong", "unwritten", "short", "refused"]) {
    assert.equal(result.times_s[name], null);
    assert.equal(state.runs[name], undefined, `${name} was run`);
  }
  const warnings = warningsOf({ a: result });
  assert.equal(warnings.length, 4);
  assert.match(
    warnings[0],
    /^autotuner: a: wrong is not used, its result is wrong: element 3 is 4\.0/,
  );
  assert.match(warnings[3], /refused is not used, the adapter refused it: Shader error$/);
});

Deno.test("the default stays for less than 5%, and where no candidate is right", async () => {
  const close = made("a", { first: { time_s: 1e-3 }, other: { time_s: 0.96e-3 } });
  assert.equal((await tuneCase(close.c, close.clock)).choice, "first");
  const clear = made("a", { first: { time_s: 1e-3 }, other: { time_s: 0.94e-3 } });
  assert.equal((await tuneCase(clear.c, clear.clock)).choice, "other");
  const wrong = { time_s: 1e-3, gives: [0, 0, 0, 0] };
  const none = made("a", { first: wrong, other: wrong });
  const result = await tuneCase(none.c, none.clock);
  assert.equal(result.choice, "first");
  assert.match(warningsOf({ a: result })[0], /no other is right either.* run the self-test/);
  // a wrong default gives way to a slower right one
  const broken = made("a", { first: wrong, other: { time_s: 5e-3 } });
  assert.equal((await tuneCase(broken.c, broken.clock)).choice, "other");
});

Deno.test("a device that slows down does not favour the candidate timed first", async () => {
  // 1% slower per 0.1 s: taken one after the other, the last of six would look 20% slower
  const same = Object.fromEntries("abcdef".split("").map((name) => [name, { time_s: 1e-3 }]));
  const { c, clock } = made("a", { ...same, g: { time_s: 0.85e-3 } }, 1.01);
  assert.equal((await tuneCase(c, clock)).choice, "g");
});

Deno.test("the comparison looks at every element, against the size of the whole", () => {
  const of = (...values: number[]) => Float32Array.from(values);
  assert.equal(faultOf(of(1, 1e-9), of(1, 0)), null);
  assert.equal(faultOf(of(1000.1, 0), of(1000, 0)), null);
  assert.match(faultOf(of(1000, 2), of(1000, 0))!, /element 1 is 2, not 0/);
  assert.match(faultOf(of(NaN), of(1))!, /element 0 is NaN/);
  assert.match(faultOf(of(), of(1))!, /0 numbers instead of 1/);
});

/** A device that is only looked at. */
function paper(over: Partial<Device["adapter"]> = {}): Device {
  const adapter = {
    description: "Toy",
    vendor: "acme",
    architecture: "x",
    software: false,
    backend: "vulkan",
    features: [],
    ...over,
  };
  return { adapter, profile: GPU } as unknown as Device;
}

Deno.test("choices are kept per adapter; a damaged, foreign or unknown file is measured again", async () => {
  const directory = await Deno.makeTempDir();
  const fresh = () => made("a", { first: { time_s: 4e-3 }, fast: { time_s: 1e-3 } });
  const go = async (device: Device, m = fresh()) => {
    const tuned = await tune(device, { directory, cases: [m.c], clock: m.clock });
    return { ...tuned, opened: m.state.opened };
  };
  const first = await go(paper());
  assert.equal(first.from, "measured");
  assert.deepEqual(first.device.profile, { ...GPU, tuning: { a: "fast" } });
  const second = await go(paper());
  assert.deepEqual([second.from, second.opened], ["cache", 1]); // to be checked again
  assert.deepEqual(second.device.profile, first.device.profile);
  assert.deepEqual(second.cases, first.cases);
  // another adapter, architecture, backend or set of candidates has choices of its own
  const others = [{ description: "Toy 2" }, { architecture: "y" }, { backend: "metal" }, {
    device: "7",
  }];
  for (const over of others) assert.equal((await go(paper(over))).from, "measured");
  const more = made("a", { first: { time_s: 4e-3 }, fast: { time_s: 1e-3 }, b: { time_s: 1 } });
  assert.equal((await go(paper(), more)).from, "measured");

  const { c } = fresh(), file = tuningFile(directory, tuningKey(paper(), [c]));
  const whole = await Deno.readTextFile(file), good = JSON.parse(whole);
  const bad: Record<string, string> = {
    damaged: whole.slice(0, whole.length / 2),
    empty: "",
    "not ours": "[]",
    "another format": JSON.stringify({ ...good, format: "mue-bench/tuning/0" }),
    "another Deno": JSON.stringify({ ...good, key: { ...good.key, deno: "1.0.0" } }),
    "other kernels": JSON.stringify({ ...good, key: { ...good.key, kernels: "0" } }),
    "an unknown choice": whole.replace(`"choice": "fast"`, `"choice": "faster"`),
    "no cases": JSON.stringify({ ...good, cases: {} }),
  };
  for (const [what, text] of Object.entries(bad)) {
    assert.notEqual(text, whole, what);
    await Deno.writeTextFile(file, text);
    assert.equal((await go(paper())).from, "measured", what);
    assert.equal(JSON.parse(await Deno.readTextFile(file)).cases.a.choice, "fast", what);
    assert.equal((await go(paper())).from, "cache", `${what}: not rewritten`);
  }
  for await (const { name } of Deno.readDir(`${directory}/mue-bench`)) {
    assert.match(name, /^tuning-[0-9a-f]{16}\.json$/);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a warning of a rejected candidate comes back from the cache too", async () => {
  const directory = await Deno.makeTempDir();
  const go = () => {
    const m = made("a", { first: { time_s: 1 }, bad: { time_s: 1e-3, gives: [9, 9, 9, 9] } });
    return tune(paper(), { directory, cases: [m.c], clock: m.clock });
  };
  const measured = await go(), cached = await go();
  assert.equal(cached.from, "cache");
  assert.equal(measured.warnings.length, 1);
  assert.deepEqual(cached.warnings, measured.warnings);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a cached choice that is now wrong or refused gives way to the default, untimed", async () => {
  const directory = await Deno.makeTempDir();
  const go = (gives?: Made["gives"]) => {
    const m = made("a", { first: { time_s: 4e-3 }, fast: { time_s: 1e-3, gives } });
    const tuned = tune(paper(), { directory, cases: [m.c], clock: m.clock });
    return tuned.then((t) => ({ ...t, state: m.state }));
  };
  assert.equal((await go()).device.profile.tuning?.a, "fast");
  const faults: [Made["gives"], RegExp][] = [
    [[1, -2, 3, 5], /^autotuner: a: fast is not used, its result is wrong: element 3 is 5, not 4$/],
    [new Error("no\nmore"), /^autotuner: a: fast is not used, the adapter refused it: no$/],
  ];
  for (const [gives, warning] of faults) {
    const { from, device, cases, warnings, state } = await go(gives);
    assert.deepEqual([from, device.profile.tuning], ["cache", { a: "first" }]);
    assert.equal(cases.a.times_s.fast, null);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], warning);
    assert.deepEqual([state.runs, state.opened, state.closed], [{}, 1, 1]);
  }
  // the driver is mended: the file still has the choice
  const { from, device, warnings } = await go();
  assert.deepEqual([from, device.profile.tuning, warnings], ["cache", { a: "fast" }, []]);
  // a default needs no check, and a case that no longer fits runs its default
  const small: TuningCase = {
    ...made("a", { first: { time_s: 1 }, fast: { time_s: 1 } }).c,
    open: () => Promise.reject(new RangeError("Cannot allocate it")),
  };
  const tuned = await tune(paper(), { directory, cases: [small] });
  assert.deepEqual([tuned.from, tuned.device.profile.tuning], ["cache", { a: "first" }]);
  assert.deepEqual(tuned.warnings, ["autotuner: a: not checked: Cannot allocate it"]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a candidate that throws leaves no scope open that would swallow later errors", async () => {
  const device = await openDevice(GPU); // withDevice has scopes of its own
  try {
    const c = tuningCases(device).find(({ name }) => name === caseName("NT", "few"))!;
    const bench = await c.open();
    await assert.rejects(bench.outputs("7x7/1x1/1"), /Cannot multiply .* with the tile 7x7/);
    bench.destroy();
    assert.deepEqual(device.errors, []);
    device.gpu.createShaderModule({ code: "no shader" });
    await device.gpu.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(device.errors.length, 1);
  } finally {
    device.close();
  }
});

Deno.test("a cache that cannot be written, and a case that cannot be held, are warnings", async () => {
  const file = await Deno.makeTempFile(), m = made("a", { first: { time_s: 1 } });
  const large: TuningCase = {
    name: "large",
    candidates: ["first", "other"],
    open: () => Promise.reject(new RangeError("Cannot allocate it")),
  };
  const { device, warnings } = await tune(paper(), {
    directory: file,
    cases: [m.c, large],
    clock: m.clock,
  });
  assert.deepEqual(device.profile.tuning, { a: "first", large: "first" });
  assert.match(warnings[0], /^autotuner: large: not measured: Cannot allocate it$/);
  assert.match(warnings[1], /^autotuner: cannot keep its choices: /);
  await Deno.remove(file);
});

Deno.test("software adapters are never tuned, whatever kernels they are told to run", async () => {
  for (const profile of [{}, GPU]) {
    await withDevice(profile, async (device) => {
      const m = made("a", { first: { time_s: 1 }, fast: { time_s: 1e-3 } });
      const { from, device: same } = await tuneDevice(device, { cases: [m.c], clock: m.clock });
      assert.deepEqual([from, m.state.opened, same], ["off", 0, device]);
      assert.equal(same.profile.tuning, undefined);
      await device.gpu.queue.onSubmittedWorkDone();
    });
  }
});

Deno.test("a run's identity names the choices that differ from the defaults, and only those", () => {
  const on = (tuning?: Record<string, string>) =>
    adapterIdentity({ ...paper(), profile: { ...GPU, ...tuning ? { tuning } : {} } });
  assert.equal(on(), "Toy/gpu/buffer");
  assert.equal(on({ "NT, few": DEFAULT_TILE, [ROW_CASE]: "tree" }), on());
  const split = { "TN, few": "64x64/4x8/16/split4", "NT, few": DEFAULT_TILE };
  assert.deepEqual(deviations(split), { "TN, few": "64x64/4x8/16/split4" });
  assert.equal(on(split), `Toy/gpu/buffer/{"TN, few":"64x64/4x8/16/split4"}`);
  assert.notEqual(on({ [ROW_CASE]: "subgroups" }), on());
});

Deno.test("the sizes that stand for a class belong to it", () => {
  for (const kind of KINDS) {
    for (const size of CLASSES) {
      const [rows, cols, k] = shapeOf(kind, size), expert = kind.endsWith("by expert");
      const grouped = !expert ? undefined : kind.startsWith("TN") ? "k" as const : "rows" as const;
      const routing = { experts: 16 } as Parameters<typeof classOf>[0]["routing"];
      assert.equal(classOf({ rows, cols, replicas: 1, grouped, routing }), size, kind);
      const slots = grouped === "k" ? k : rows;
      if (grouped) assert.equal(slots / 16 % SHARE_ROWS, 0, `${kind}: shares are whole tiles`);
    }
  }
});

Deno.test("real cases: every default agrees with the reference, and a wrong result does not", () =>
  withDevice(GPU, async (device) => {
    const cases = tuningCases(device);
    assert.equal(cases.length, 25 - (device.gpu.features.has("subgroups") ? 0 : 1));
    const names = [...KINDS.map((kind) => caseName(kind, "few")), ROW_CASE];
    for (const c of cases.filter(({ name }) => names.includes(name))) {
      const bench = await c.open(), expected = await bench.expected();
      assert.ok(expected.every(Number.isFinite), `${c.name}: the reference owes an element`);
      // the default, and for weight gradients one that cuts k
      const tried = c.name.startsWith("TN")
        ? [c.candidates[0], c.candidates[2]]
        : [c.candidates[0]];
      for (const name of tried) {
        const found = await bench.outputs(name);
        assert.equal(faultOf(found, expected), null, `${c.name} with ${name}`);
        found[found.length >> 1] *= -1;
        assert.match(faultOf(found, expected) ?? "right", /^element /, `${c.name}: one sign off`);
        await bench.run(name, 2);
      }
      if (c.name !== ROW_CASE) {
        await assert.rejects(bench.outputs("7x7/1x1/1"), /Cannot multiply .* with the tile 7x7/);
      }
      bench.destroy();
    }
  }));

Deno.test("a model with cut k, other tiles and sums by subgroups agrees with PyTorch", () =>
  withDevice(GPU, async (device) => {
    const tuning: Record<string, string> = {
      "NT, few": "32x32/4x4/16",
      "NN, few": "32x64/4x8/16",
      "TN, few": "64x64/4x8/16/split4",
      "NT swiglu by expert, few": "32x64/4x8/16",
      "TN by expert, few": "32x32/4x4/16/split4",
    };
    if (device.gpu.features.has("subgroups")) tuning[ROW_CASE] = "subgroups";
    const tuned = { ...device, profile: { ...GPU, tuning } };
    const { ok, lines } = await selfTest(tuned, { short: true });
    assert.ok(ok && lines.length === 1 && lines[0].quantities > 40, JSON.stringify(lines));
    assert.deepEqual(lines[0].tuning, tuning);
  }));
