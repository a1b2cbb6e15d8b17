/** Whether experts follow the time is judged without an eye, and a choice that follows the class fails. */
import nodeAssert from "node:assert/strict";
import type { Choice, Choices } from "../../../lab/claims/expert_choice.ts";
import type { Workbench } from "../../../lab/claims/models.ts";
import { replicaOf } from "../../../lab/claims/probe_models.ts";
import {
  judgeChoices,
  measureChoices,
  measureRouting,
} from "../../../lab/claims/routing_by_timestep.ts";
import { drawChoices } from "../../../lab/claims/routing_figure.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { taskById } from "../../../model/tasks/registry.ts";
import { diffusion } from "../../../model/tasks/diffusion.ts";
import { type PixelData, uploadImages } from "../../../model/tasks/images.ts";
import { layoutOf } from "../../../model/shape.ts";
import { routingByTimestep } from "../../../suites/routing_by_timestep.ts";
import { uniforms } from "../../random.ts";
import { withDevice } from "../../with_device.ts";
import { assert, assertEquals, assertNear } from "../assert.ts";
import { workbench } from "./workbench.ts";

const { profiles } = routingByTimestep, { limits } = profiles.quick;
/** Two seeds, four models that are not trained. */
const SMALL = {
  ...profiles.smoke,
  seeds: [0, 1],
  untrained: [0, 1, 2, 3],
  evaluationBatches: 12,
};

/** Made-up choices of four blocks: what is told, a change of the load over depth, seeds a little apart. */
function made(
  { place = 0.2, time = 0.2, label = 0.005, octaves = -1, before = 0, permuted = 0 } = {},
): Choices {
  const blocks = (k: number, change: number) =>
    [0, 1, 2, 3].map((l): Choice => {
      const noise = 0.002 * Math.sin(5 * k + 3 * l);
      return {
        bits: { place: place + noise, time: time - noise, class: label + noise / 2 },
        permuted: { place: permuted + noise, time: permuted - noise },
        variation: 0.5 * 2 ** (change * l / 3 + 10 * noise),
        loadByTime: [{ time: 0.2, load: [1.5, 0.5] }, { time: 0.7, load: [0.5, 1.5] }],
      };
    });
  return {
    trained: [0, 1, 2].map((k) => ({ blocks: blocks(k, octaves), loss: 0.3 })),
    untrained: [0, 1, 2, 3].map((k) => blocks(k, before)),
  };
}
const verdict = (of: Choices) => decide(judgeChoices(of, { limits })).verdict;
const failing = (of: Choices) =>
  judgeChoices(of, { limits })
    .filter((j) => j.role === "claim" && j.verdict === "fail").map((j) => j.subject);

Deno.test("a choice that follows place and time, and a load that gets evener, pass", () => {
  assertEquals(verdict(made()), "pass");
});

Deno.test("each claim fails alone, and is named", () => {
  assertEquals(failing(made({ time: 0.02 })), ["timestep over class"]);
  assertEquals(failing(made({ place: 0.02 })), ["position over class"]);
  assertEquals(failing(made({ label: 0.1 })), ["class"]);
  assertEquals(failing(made({ label: 0.3 })), [
    "timestep over class",
    "position over class",
    "class",
  ]);
  assertEquals(failing(made({ octaves: 0 })), ["load over depth"]);
  assertEquals(failing(made({ octaves: 1 })), ["load over depth"]);
  for (const part of [{ time: 0.02 }, { label: 0.1 }, { octaves: 0 }]) {
    assertEquals(verdict(made(part)), "fail");
  }
});

Deno.test("permuted labels that tell something, or untrained loads that get evener, leave nothing to tell", () => {
  assertEquals(verdict(made({ permuted: 0.1 })), "cannot tell at this size");
  assertEquals(verdict(made({ before: -1 })), "cannot tell at this size");
});

Deno.test("at a limit, with a lost run or with one seed nothing is decided, and it says why", () => {
  assertEquals(verdict(made({ octaves: -limits.evener_octaves })), "inconclusive");
  const lost = made(), one = made();
  lost.trained[1] = { blocks: null, loss: null };
  one.trained.splice(1);
  for (const [of, why] of [[lost, "a run diverged"], [one, "one seed has no interval"]] as const) {
    const claims = judgeChoices(of, { limits }).filter((j) => j.role === "claim");
    assertEquals(claims.map((j) => j.measures[0].missing), [why, why, why, why]);
    assertEquals(verdict(of), "inconclusive");
  }
  // the other seeds are drawn
  assert(drawChoices(lost, { seeds: [0, 1, 2], limit: 0.1 }).points.length > 20);
});

Deno.test("the limit on what is told is a load that varies by a quarter of itself", () => {
  // two values, one expert of many: shares p (1 ± 1/4); I = p ((1+e) log2 (1+e) + (1−e) log2 (1−e)) / 2 of p
  const e = 0.25, told = ((1 + e) * Math.log2(1 + e) + (1 - e) * Math.log2(1 - e)) / 2;
  assertNear(limits.follows_bits, told, 0.001);
});

Deno.test("a probe's model is of its plan's task", () => {
  const { smoke } = profiles, { configuration, rule } = smoke;
  const replica = replicaOf(smoke, configuration, rule, 0, taskById(smoke.task));
  const of = { task: diffusion(), width: 16, depth: 2, headWidth: 16 };
  const ffn = {
    kind: "moe",
    experts: 4,
    active: 2,
    expertWidth: 8,
    shared: 0,
    groups: 1,
    gate: "sigmoid",
  } as const;
  assertEquals(replica.parameters.length, layoutOf({ ...of, ffn }).floats);
  // the first layer of the time's MLP starts by its fan-in, which the task knows
  assert(replica.hyperParameters.time1.lr > 0 && replica.hyperParameters.mod.lr > 0);
});

/** Images of 28 × 28, a bright square whose place is the class. */
function squares(): PixelData {
  const u = uniforms(7), count = 100, labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const pixels = Uint8Array.from({ length: count * 784 }, (_, i) => {
    const at = i % 784,
      row = Math.floor(at / 28),
      col = at % 28,
      label = labels[Math.floor(i / 784)];
    const bright = Math.abs(row - 14) < 6 && Math.abs(col - 4 - 2 * label) < 4;
    return Math.floor((bright ? 200 : 0) + 40 * u());
  });
  return { channels: 1, side: 28, pixels, labels, trained: 40 };
}

Deno.test("a small profile gives every panel, point and judgement it declares, twice the same", () =>
  withDevice({}, async (device) => {
    const data = uploadImages(device, squares());
    const at: Workbench = {
      ...workbench(device),
      pool: { data, task: taskById("diffusion"), context: { task: taskById("diffusion") } },
    } as unknown as Workbench;
    const found = await measureRouting(SMALL, at), panels = found.panels.map((p) => p.name);
    assertEquals(panels.length, 4);
    const roles = found.judgements.map((j) => j.role);
    assertEquals(roles.filter((r) => r === "claim").length, 4);
    assertEquals(roles.filter((r) => r === "control").length, 4);
    for (const j of found.judgements) assert(panels.includes(j.panel), j.panel);
    for (const name of panels) assert(found.points.some((p) => p.panel === name), name);
    for (const { columns, rows } of found.tables) {
      for (const row of rows) assertEquals(row.length, columns.length);
    }
    assertEquals(await measureRouting(SMALL, at), found);
    await nodeAssert.rejects(measureChoices({ ...SMALL, evaluationBatches: 10 }, at), {
      name: "RangeError",
      message: /Cannot look at 10 batches: they are no multiple of 4 models/,
    });
    const stopped = new AbortController();
    stopped.abort();
    await nodeAssert.rejects(measureRouting(SMALL, { ...at, signal: stopped.signal }), {
      name: "AbortError",
    });
    data.destroy();
  }));
