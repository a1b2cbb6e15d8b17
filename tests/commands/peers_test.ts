/** The peers: right at tiny sizes, refused when they are not, and never timed unless they compute. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { benchPeersCommand, openPeers, peerCases, tableOf } from "../../commands/bench_peers.ts";
import { check, CHECKED_STEPS, expected, worstOf, WrongError } from "../../commands/peers/check.ts";
import { compare } from "../../commands/peers/compare.ts";
import { countDispatches } from "../../commands/peers/count.ts";
import { ours } from "../../commands/peers/ours.ts";
import {
  CannotError,
  type Case,
  type Contender,
  flopsOf,
  gemmCase,
  inputsOf,
  type Prepared,
  renewed,
  type Results,
  type StepCase,
} from "../../commands/peers/peer.ts";
import { openDevice } from "../../kernels/gpu/device.ts";
import { onEveryProfile, withDevice } from "../with_device.ts";

const CASES = peerCases(true), STEP = CASES.find((c): c is StepCase => c.kind === "step")!;
const QUICK = { samples: 1, sample_s: 0.001 };

/** Our kernels under another name, with their work changed. */
function twin(base: Contender, change: (work: Prepared) => Partial<Prepared>): Contender {
  return {
    ...base,
    name: "twin",
    async prepare(c) {
      const work = await base.prepare(c);
      return { ...work, ...change(work) };
    },
  };
}

Deno.test("our own products and layer agree with float64 under every profile", async () => {
  await onEveryProfile(async (device) => {
    for (const c of CASES.filter((c) => c.kind !== "step")) {
      const work = await ours(device).prepare(c);
      await check(c, work, await expected(c, work));
      work.dispose();
    }
  });
});

Deno.test("each peer computes every case, and all of it on the device", async () => {
  const device = await openDevice();
  const peers = await openPeers(device.adapter.description);
  assert.deepEqual(peers.map((p) => p.name), ["jax-js", "tfjs"]);
  for (const c of CASES) {
    const mine = await ours(device).prepare(c), want = await expected(c, mine);
    for (const peer of peers) {
      const work = await peer.prepare(c);
      const { error, bound } = await check(c, work, want);
      assert.ok(error <= bound, `${peer.name}, ${c.name}`);
      const one = await countDispatches(() => work.run(1));
      assert.ok(one > 0);
      assert.equal(await countDispatches(() => work.run(2)), 2 * one, `${peer.name}, ${c.name}`);
      if (c.kind !== "step") {
        const other = renewed(c);
        work.renew!(inputsOf(other)[0].values);
        await check(other, work, await expected(other));
      }
      work.dispose();
    }
    mine.dispose();
  }
  peers.forEach((peer) => peer.close());
  assert.deepEqual(device.errors, []);
  device.close();
});

Deno.test("a wrong result is refused: it has a reason and no time", async () => {
  await withDevice({}, async (device) => {
    const mine = ours(device);
    const off = twin(mine, (work) => ({
      async results() {
        const results = await work.results();
        for (const values of Object.values(results)) values[0] += 1;
        return results;
      },
    }));
    for (const c of CASES) {
      const [own, other] = await compare(device, c, mine, [off], QUICK);
      assert.ok(own.time_s && own.time_s.estimate > 0, c.name);
      assert.equal(own.timeOverOurs, null);
      assert.deepEqual(
        [other.time_s, other.gflops, other.timeOverOurs, other.dispatches],
        [null, null, null, null],
      );
      assert.match(other.reason!, /^wrong: \S+ is off by .*, bound /);
      assert.match(tableOf(c.name, [own, other]), /twin +no time: wrong: /);
    }
    await assert.rejects(compare(device, CASES[0], off, [mine], QUICK), WrongError);
  });
});

Deno.test("a right result passes and gets a time and a ratio", async () => {
  await withDevice({}, async (device) => {
    const mine = ours(device), c = CASES[0];
    const [own, other] = await compare(device, c, mine, [twin(mine, () => ({}))], {
      ...QUICK,
      samples: 6,
    });
    assert.equal(other.reason, null);
    assert.equal(own.dispatches, 1);
    const { lo, estimate, hi } = other.timeOverOurs!;
    assert.ok(lo <= estimate && estimate <= hi && lo > 0);
    const rate = other.gflops!.estimate * other.time_s!.estimate * 1e9;
    assert.ok(Math.abs(rate / flopsOf(c)! - 1) < 1e-9);
    assert.ok(tableOf(c.name, [own, other]).split("\n").every((line) => line.length <= 100));
  });
});

Deno.test("work that is skipped, cached, too slow or impossible is not timed", async () => {
  await withDevice({}, async (device) => {
    const mine = ours(device), c = CASES[0];
    let calls = 0;
    const cached = twin(mine, (work) => ({ run: () => work.run(1) }));
    const idle = twin(
      mine,
      (work) => ({ run: async () => calls++ ? undefined : await work.run(1) }),
    );
    const stale = twin(mine, (work) => {
      let reads = 0;
      return {
        async results() {
          const results = await work.results();
          return reads++ ? { c: results.c.map((v) => v * 1.001) } : results;
        },
      };
    });
    const unable: Contender = {
      ...mine,
      name: "unable",
      prepare: () => Promise.reject(new CannotError("no such operation")),
    };
    const broken: Contender = {
      ...mine,
      name: "broken",
      prepare: () => Promise.reject(new Error("Failed to compile\nline 2")),
    };
    const rows = await compare(device, c, mine, [cached, idle, stale, unable, broken], QUICK);
    assert.deepEqual(rows.slice(1).map((row) => row.time_s), [null, null, null, null, null]);
    const reasons = rows.slice(1).map((row) => row.reason!);
    assert.match(reasons[0], /^wrong: 3 repetitions dispatched 1 kernels, 1 dispatched 1$/);
    assert.match(reasons[1], /^wrong: twin dispatched no kernel$/);
    assert.match(reasons[2], /^wrong: after timing c was off by 1\.0e-3$/);
    assert.deepEqual(reasons.slice(3), ["no such operation", "failed: Failed to compile"]);
    const [own, slow] = await compare(device, c, mine, [twin(mine, () => ({}))], {
      ...QUICK,
      limit_s: 0,
    });
    assert.equal(own.reason, null);
    assert.match(slow.reason!, /^too slow: a repetition took 0 s, the limit is 0 s$/);
    assert.equal(slow.time_s, null);
  });
});

Deno.test("work that stops, or is another's, once it is timed has a reason and no time", async () => {
  await withDevice({}, async (device) => {
    const mine = ours(device);
    // run() is called three times before the clock: the check, one repetition, three
    const lazy = twin(mine, (work) => {
      let runs = 0;
      return { run: async (n) => runs++ < 3 ? await work.run(n) : undefined };
    });
    const breaks = twin(mine, (work) => {
      let runs = 0;
      return {
        run: async (n) => {
          if (runs++ > 4) throw new Error("lost");
          await work.run(n);
        },
      };
    });
    // as many kernels as are due, but never on the input that it is given
    const deaf = twin(mine, () => ({ renew: () => {} }));
    const fixed = twin(mine, () => ({ renew: undefined }));
    for (const c of CASES) {
      const peers = [lazy, deaf, breaks, fixed];
      const [own, stopped, other, broken, none] = await compare(device, c, mine, peers, QUICK);
      assert.equal(own.reason, null);
      assert.deepEqual([stopped.time_s, broken.time_s], [null, null]);
      assert.equal(broken.reason, "failed: lost");
      assert.match(stopped.reason!, /^wrong: \d+ timed repetitions dispatched 0 kernels, not \d+$/);
      if (c.kind === "step") continue;
      assert.deepEqual([other.time_s, none.time_s], [null, null]);
      assert.match(other.reason!, /^wrong: after timing, on another input, \S+ was off by /);
      assert.match(none.reason!, /^wrong: its input cannot be changed after timing$/);
    }
    await assert.rejects(compare(device, CASES[0], lazy, [mine], QUICK), WrongError);
  });
});

Deno.test("a step that leaves out any part of AdamW, or starts elsewhere, is refused", async () => {
  await withDevice({}, async (device) => {
    const mine = ours(device), right = await mine.prepare(STEP);
    const want = await expected(STEP, right);
    right.dispose();
    const changes: Record<string, Partial<StepCase>> = {
      "the same": {},
      "no weight decay": { adamw: { ...STEP.adamw, weightDecay: 0 } },
      "no clipping": { adamw: { ...STEP.adamw, clipNorm: 0 } },
      "another eps": { adamw: { ...STEP.adamw, eps: 1e-8 } },
      "another beta2": { adamw: { ...STEP.adamw, beta2: 0.999 } },
      "shifted targets": { targets: STEP.tokens },
      "gains of 1": {
        weights: STEP.weights.map((w) =>
          w.name.endsWith("knorm") ? { ...w, values: w.values.map(() => 1) } : w
        ),
      },
    };
    for (const [name, change] of Object.entries(changes)) {
      const work = await mine.prepare({ ...STEP, ...change });
      await work.run(CHECKED_STEPS);
      const { error, bound } = worstOf(STEP, await work.results(), want);
      assert.equal(error <= bound, name === "the same", `${name}: ${error} of ${bound}`);
      work.dispose();
    }
  });
});

Deno.test("a result that is missing, superfluous, short or not finite is infinitely wrong", () => {
  const c: Case = gemmCase("NN", 4, 4, 4), want = { c: Float32Array.of(1, 2) };
  assert.equal(worstOf(c, { c: Float32Array.of(1, 2) }, want).error, 0);
  for (
    const found of <Results[]> [
      {},
      { c: Float32Array.of(1) },
      { c: Float32Array.of(1, NaN) },
      { c: Float32Array.of(1, 2), d: Float32Array.of(1) },
    ]
  ) assert.equal(worstOf(c, found, want).error, Infinity);
});

Deno.test("help ends with 0; a flag or a work that is none with 2", async () => {
  const said: string[] = [], { log, error } = console;
  console.log = console.error = (line: string) => said.push(line);
  try {
    assert.equal(await benchPeersCommand(["--help"]), 0);
    assert.match(said[0], /Exit codes: 0 .* 2 .* 3 /s);
    assert.ok(said[0].split("\n").every((line) => line.length <= 100));
    for (const args of [["--fast"], ["--only", "moe"], ["--samples", "few"]]) {
      said.length = 0;
      assert.equal(await benchPeersCommand(args), 2, args.join(" "));
      assert.equal(said.length, 1);
      assert.match(said[0], /^error: Cannot [^\n]+$/);
    }
  } finally {
    Object.assign(console, { log, error });
  }
});

Deno.test("without an adapter the command ends with 3 and one error", async () => {
  const command = fileURLToPath(new URL("../../commands/bench_peers.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", command, "--no-install"],
    env: { NO_COLOR: "1", VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" },
  }).output();
  assert.equal(code, 3);
  assert.equal(new TextDecoder().decode(stdout), "");
  assert.match(new TextDecoder().decode(stderr), /^error: No WebGPU adapter: /m);
});
