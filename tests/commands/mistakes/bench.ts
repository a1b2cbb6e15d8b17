/** Mistakes with `bench`: its arguments, and the folder it writes to. */
import { sealed } from "../../../lab/record/hash.ts";
import { fixtureRecord } from "../../reports/fixture.ts";
import { runWith } from "../../lab/runs.ts";
import type { Chapter, Mistake } from "./mistake.ts";

const bench = (did: string, ...args: string[]): Mistake => ({ did, args: ["bench", ...args] });

/** A bench that gets as far as its folder. */
const inOut = (did: string, more: Omit<Mistake, "did" | "args">, out = "DIR/out"): Mistake => ({
  ...bench(did, "capacity", "--profile", "smoke", "--no-selftest", "--out", out),
  ...more,
});

/** Holds a folder as another bench would, from a process of its own; returns what ends it. */
async function heldBy(folder: string): Promise<() => void> {
  const module = new URL("../../../lab/train/lock.ts", import.meta.url).href;
  const code = `import { lockFolder } from ${JSON.stringify(module)};
lockFolder(${JSON.stringify(folder)}); console.log("held"); setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "-q", code],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  await child.stdout.getReader().read();
  return () => child.kill("SIGKILL");
}

const record = fixtureRecord();
const run = JSON.stringify(sealed(runWith("a")));

export const ARGUMENTS: Chapter = {
  title: "`bench`: arguments",
  mistakes: [
    bench("a suite that there is not", "no-such-suite"),
    bench("an empty name", ""),
    bench("a name that programs know", "constructor"),
    bench("a suite's name with an escape code in it", "\x1b[31mred\nsecond line"),
    bench("a profile that there is not", "--profile", "huge"),
    bench("an option that there is not", "--colour"),
    bench("an option without its value", "capacity", "--out"),
    bench("an option where a value belongs", "capacity", "--out", "--strict"),
    bench("a value for an option that takes none", "capacity", "--strict=yes"),
    bench("an empty folder's name", "capacity", "--out", ""),
    bench("an empty file's name", "capacity", "--dry-run", "--text", ""),
    bench("a task that there is not", "--task", "speech"),
    bench("a suite that is not for the task", "latency", "--task", "diffusion"),
    bench("`--router` with all suites", "--router", "gate=softmax"),
    bench("a gate that there is not", "capacity", "--router", "gate=foo"),
    bench("a router's key that there is not", "capacity", "--router", "colour=red"),
    bench("a router's key without a value", "capacity", "--router", "gate"),
    bench("a capacity factor of nothing", "capacity", "--router", "cf=0"),
    bench("a router for the suite that times layers", "latency", "--router", "gate=softmax"),
    bench("no time as a budget", "--budget", "soon"),
    bench("a budget of nothing", "--budget", "0s"),
    bench("a budget without a unit", "--budget", "20"),
    bench("a plan of a budget", "--dry-run", "--budget", "20m"),
    bench("no process to train in", "capacity", "--workers", "0"),
    bench("half a process", "capacity", "--workers", "1.5"),
    bench("a number of processes no machine has", "capacity", "--workers", "1e9"),
    bench("images for a suite on text", "capacity", "--dry-run", "--data", "DIR"),
    bench("a text for a suite on images", "capacity-diffusion", "--dry-run", "--text", "DIR/a.txt"),
    bench("an option of `bench` for `bench roofline`", "roofline", "--out", "DIR"),
    bench("a suite for `bench roofline`", "roofline", "capacity"),
  ],
};

export const FOLDER: Chapter = {
  title: "`bench`: the folder it writes to",
  mistakes: [
    inOut("a file as the folder", { files: { out: "mine" } }),
    inOut("a folder below a file", { files: { file: "mine" } }, "DIR/file/out"),
    inOut("the folder of another suite's report", { files: { "out/record.json": record } }),
    {
      ...bench(
        "several suites into the folder of one's report",
        ...["capacity", "width", "--profile", "smoke", "--out", "DIR/out"],
      ),
      files: { "out/record.json": record },
    },
    inOut("a damaged line among the runs", { files: { "out/runs.jsonl": `${run}\n{broken\n` } }),
    inOut("a run with a number that is none", {
      files: { "out/runs.jsonl": `${run.replace('"steps":2', '"steps":1e999')}\n` },
    }),
    inOut("a run that was changed by hand", {
      files: {
        "out/runs.jsonl": `${run.replace('"validationLoss":5', '"validationLoss":0.01')}\n`,
      },
    }),
    inOut("runs of an earlier version", { files: { "out/runs.jsonl": '{"trainLoss_nats":[]}\n' } }),
    inOut("a line of a gigabyte among the runs", { files: { "out/runs.jsonl": 2 ** 30 } }),
    inOut("a folder in place of the runs", { files: { "out/runs.jsonl": null } }),
    inOut("a folder in place of the plan", { files: { "out/plan.json": null } }),
    inOut("a folder in place of the lock", { files: { "out/.lock": null } }),
    inOut("a plan of a gigabyte in one line", { files: { "out/plan.json": 2 ** 30 } }),
    inOut("a second bench in the same folder", {
      make: (dir) => heldBy(`${dir}/out`),
    }),
    inOut("a folder that may not be written", {
      make(dir) {
        if (Deno.uid() === 0) return "root may write anywhere";
        Deno.mkdirSync(`${dir}/out`, { mode: 0o555 });
        return () => Deno.chmodSync(`${dir}/out`, 0o755);
      },
    }),
  ],
};
