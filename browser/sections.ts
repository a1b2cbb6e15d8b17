/**
 * What the page shows of what it found, in the blocks of a report.
 *
 * @module
 */
import type { Environment } from "../lab/record/record.ts";
import type { Run } from "../lab/record/run.ts";
import type { SelfTestLine } from "../model/check/selftest.ts";
import { type Section, section, tableBlock, tableOf } from "../reports/sections/section.ts";
import { byteCount, loss, significant } from "../reports/words/format.ts";
import { adapterName, commitName, many, runtimeName } from "../reports/words/phrases.ts";

/** The adapter, its limits that matter here, and the browser. */
export function adapterSection(
  environment: Environment,
  limits: Pick<
    GPUSupportedLimits,
    "maxStorageBuffersPerShaderStage" | "maxStorageBufferBindingSize"
  >,
): Section {
  const { vendor, architecture, profile, os, cpus, features, version, gitCommit } = environment;
  return section("", [
    {
      kind: "pairs",
      pairs: [
        ["adapter", adapterName(environment)],
        ["vendor, architecture", [vendor, architecture].filter((x) => x !== "").join(", ")],
        ["kernels' profile", profile],
        ["storage buffers of a shader", `${limits.maxStorageBuffersPerShaderStage}`],
        ["largest tensor", byteCount(limits.maxStorageBufferBindingSize)],
        ["browser", runtimeName(environment)],
        ["system", `${os}, ${many(cpus, "processor")}`],
        ["page", `mue-bench ${version}, git ${commitName(gitCommit)}`],
      ],
    },
    {
      kind: "folded",
      title: "Optional features of the adapter",
      blocks: [{ kind: "list", items: features }],
    },
  ]);
}

/** How a line of the self-test ended. */
function ended({ skipped, ok, note }: SelfTestLine): string {
  return (skipped ? "skipped" : ok ? "ok" : "FAIL") + (note === null ? "" : `: ${note}`);
}

/** The self-test, a row per case and variant. */
export function selfTestSection(lines: readonly SelfTestLine[]): Section {
  const done = lines.filter(({ skipped }) => !skipped);
  const quantities = done.reduce((sum, line) => sum + line.quantities, 0);
  const failed = done.filter(({ ok }) => !ok).length;
  const table = tableOf(lines, [
    ["kernels", ({ kernels }) => kernels],
    ["storage", ({ storage }) => storage],
    ["case", (line) => line.case],
    ["nearest to its bound", ({ worst }) => worst?.quantity ?? ""],
    ["error", ({ worst }) => significant(worst?.error)],
    ["bound", ({ worst }) => significant(worst?.bound)],
    ["result", ended],
  ]);
  return section("", [
    tableBlock(
      "selftest",
      table,
      `${
        many(done.length, "case")
      }, ${quantities} quantities, ${failed} failed. Loss, logits, load, ` +
        "every gradient and ten AdamW steps of small models against PyTorch's float64.",
    ),
  ]);
}

/** The losses of a training. */
export function trainingSection({ cell, trainLoss, validationLoss }: Run): Section {
  return section("", [
    {
      kind: "pairs",
      pairs: [
        ["model", `${cell.configuration}, under ${cell.rule}`],
        ["loss of each step, nats", trainLoss.map(loss).join(", ")],
        ["loss on held-out text, nats", loss(validationLoss)],
      ],
    },
  ]);
}
