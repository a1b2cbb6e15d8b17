/** The command that judges a table: what it prints, what it writes, and that its report is one of a bench. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readRecord } from "../../lab/record/read.ts";
import { sealed } from "../../lab/record/hash.ts";
import { main } from "../../main.ts";
import { said as saidBy } from "./said.ts";
import { reportOf } from "../../reports/sections/index.ts";

const ROOT = new URL("../../", import.meta.url);
const SWEEP = fileURLToPath(new URL("fixtures/sweep.csv", ROOT));
const FLAGS = ["--reference", "64", "--control", "rule=standard", "--unit", "nats"];

const said = (...args: string[]) => saidBy(main, ...args);

async function inFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const documented = await Deno.readTextFile(new URL("docs/judge.md", ROOT));

Deno.test("the example of docs/judge.md prints what stands there", async () => {
  const [, line] = documented.match(/```sh\ndeno task (judge .*)\n```/)!;
  const [command, file, ...rest] = line.split(" ");
  const { code, out } = await said(command, fileURLToPath(new URL(file, ROOT)), ...rest);
  const [, shown] = documented.match(/```\n(✓ PASS[\s\S]*?)```/)!;
  assert.equal(code, 0);
  assert.ok(out.startsWith(shown), out);
});

Deno.test("as JSON: optima, judgements, verdict", async () => {
  const { code, out } = await said("judge", SWEEP, ...FLAGS, "--json");
  const { optima, judgements, verdict } = JSON.parse(out);
  assert.equal(code, 0);
  assert.equal(verdict, "pass");
  assert.deepEqual(optima.map((one: { configuration: string }) => one.configuration), [
    "width=64",
    "width=128",
    "width=256",
    "width=256",
  ]);
  const isInterval = ({ estimate, lo, hi }: Record<string, number>) =>
    assert.ok(lo <= estimate && estimate <= hi);
  for (const { log2x } of optima) isInterval(log2x);
  for (const { shift, regret } of judgements) [shift, regret].forEach(isInterval);
  assert.deepEqual(
    judgements.map((one: Record<string, string>) =>
      `${one.configuration} ${one.role} ${one.verdict}`
    ),
    ["width=128 claim pass", "width=256 claim pass", "width=256 control fail"],
  );
  // the made-up optima: 2^-7.1, -7.0, -6.9 and, where nothing is transferred, -9.2
  for (const [i, truth] of [-7.1, -7, -6.9, -9.2].entries()) {
    assert.ok(optima[i].log2x.lo <= truth && truth <= optima[i].log2x.hi, `${i}`);
  }
});

Deno.test("without its control it cannot pass, and the way to one stands there; --strict fails", async () => {
  const without = (await Deno.readTextFile(SWEEP)).split("\n")
    .filter((line) => !line.includes("standard")).join("\n");
  await inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/a.csv`, without);
    const { code, out } = await said("judge", `${dir}/a.csv`, "--reference", "64");
    assert.equal(code, 0);
    assert.match(out, /CANNOT TELL AT THIS SIZE/);
    assert.match(out.replace(/\s+/g, " "), /mark its rows by --control COLUMN=VALUE/);
    assert.equal((await said("judge", `${dir}/a.csv`, "--reference", "64", "--strict")).code, 1);
  });
});

Deno.test("a claim that fails gives exit code 1", async () => {
  const { code, out } = await said(
    "judge",
    SWEEP,
    "--reference",
    "rule=mup,64",
    "--configuration",
    "rule,width",
  );
  assert.match(out, /FAIL/);
  assert.equal(code, 1);
});

Deno.test("one seed: what is left undecided and the rates to add are said in the terminal", async () => {
  const rows = (await Deno.readTextFile(SWEEP)).split("\n");
  const one = rows.filter((line) => /^width|,0,[^,]*,[^,]*$/.test(line)).join("\n");
  await inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/one.csv`, one);
    const { out } = await said("judge", `${dir}/one.csv`, ...FLAGS);
    const text = out.replace(/\s+/g, " ");
    assert.match(text, /INCONCLUSIVE/);
    assert.match(text, /neither shift nor regret can be told from chance/);
    assert.match(
      text,
      /width=128: lr 0.001953, 0.003906, 0.007813, 0.01563, 0.03125, 3 seeds each in all: one seed has no interval/,
    );
  });
});

Deno.test("the report of a table has all that a bench's has, and its record is checked from its runs", async () => {
  await inFolder(async (dir) => {
    const { code, err } = await said("judge", SWEEP, ...FLAGS, "--out", dir);
    assert.equal(code, 0, err);
    assert.doesNotMatch(err, /warning/);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    const chart = (stem: string) => ["pdf", "png", "svg", "vl.json"].map((end) => `${stem}.${end}`);
    assert.deepEqual(names, [
      "judgements.csv",
      "junit.xml",
      ...chart("loss-vs-lr"),
      ...chart("optimum-shift"),
      "record.json",
      "report.html",
      "runs.csv",
      "summary.md",
      "tables.tex",
    ]);
    for (const name of names.filter((name) => /md|html|xml|tex|csv/.test(name))) {
      const text = (await Deno.readTextFile(`${dir}/${name}`)).replace(
        /<script[\s\S]*?<\/script>/g,
        "",
      );
      assert.doesNotMatch(text, /undefined|\bNaN\b|\[object/, name);
    }
    const page = await Deno.readTextFile(`${dir}/report.html`);
    assert.match(
      page,
      /deno task judge [^ ]*sweep\.csv --reference 64 --control rule=standard --unit nats/,
    );
    assert.match(page, /machine that trained/);
    assert.doesNotMatch(page, /kernels&#39; profile|0 tokens|Beside the paper/);
    assert.match(await Deno.readTextFile(`${dir}/loss-vs-lr.svg`), /val_loss \(nats\)/);
    assert.equal((await Deno.readTextFile(`${dir}/runs.csv`)).trim().split("\n").length, 85);

    const checked = await said("check", dir);
    assert.equal(checked.code, 0, checked.out);
    assert.match(checked.out, /ok +findings from the runs of the table/);
    const again = await said("reproduce", dir);
    assert.equal(again.code, 2);
    assert.match(again.err, /its runs were made elsewhere/);
    // an archive holds the plan that was written before the first run: nobody knows of one here
    const packed = await said("pack", dir);
    assert.equal(packed.code, 2);
    assert.match(packed.err, /it lacks plan\.json/);
  });
});

Deno.test("what was changed in a table's record is found", async () => {
  await inFolder(async (dir) => {
    await said("judge", SWEEP, ...FLAGS, "--out", dir);
    const path = `${dir}/record.json`, record = await readRecord(path), { evidence } = record;
    assert.ok(evidence.kind === "table");
    const changes: [string, () => void, RegExp][] = [
      ["a loss", () => evidence.runs[40].validationLoss = 2, /WRONG +findings/],
      ["a limit", () => record.plan = { ...record.plan, decided: {} }, /WRONG +plan/],
    ];
    for (const [what, change, found] of changes) {
      change();
      await Deno.writeTextFile(path, JSON.stringify(sealed(record)));
      const { code, out } = await said("check", path);
      assert.equal(code, 1, what);
      assert.match(out, found, what);
    }
  });
});

Deno.test("any positive value may be swept: its column stands on the axis", async () => {
  const text = (await Deno.readTextFile(SWEEP)).replace(",lr,", ",tau (s),");
  await inFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/tau.csv`, text);
    const { out } = await said(
      "judge",
      `${dir}/tau.csv`,
      ...FLAGS,
      "--knob",
      "tau (s)",
      "--out",
      `${dir}/r`,
    );
    assert.match(out, /Optimal tau \(s\):/);
    const record = await readRecord(`${dir}/r/record.json`);
    const words = JSON.stringify(reportOf(record));
    assert.match(words, /val_loss against tau \(s\)/);
    assert.doesNotMatch(words, /learning rate/);
    assert.ok((await Deno.stat(`${dir}/r/loss-vs-value.png`)).size > 1000);
  });
});

Deno.test("a hundred thousand rows are judged, those of a log by the last step of each run", async () => {
  await inFolder(async (dir) => {
    const lines = ["width,lr,seed,step,loss"];
    for (const width of [64, 128]) {
      for (const lr of [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]) {
        for (let seed = 0; seed < 10; seed++) {
          for (let step = 0; step < 1000; step++) {
            const noise = 0.001 * Math.sin(width + 1e5 * lr * (seed + 1));
            const loss = 2 + 0.01 * Math.log2(lr / 1e-3) ** 2 + 10 / (step + 1) + noise;
            lines.push(`${width},${lr},${seed},${step},${loss}`);
          }
        }
      }
    }
    await Deno.writeTextFile(`${dir}/log.csv`, lines.join("\n"));
    const { code, out } = await said("judge", `${dir}/log.csv`, "--reference", "64", "--json");
    const { judgements, notes } = JSON.parse(out);
    assert.equal(code, 0);
    assert.equal(judgements[0].verdict, "pass");
    assert.match(notes[0], /^99900 rows of earlier steps/);
  });
});

Deno.test("the task writes its pictures with the permissions it has", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [, ...args] = (tasks.judge.command as string).split(" ");
  await inFolder(async (dir) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, SWEEP, ...FLAGS, "--out", dir],
      cwd: fileURLToPath(ROOT),
      stdin: "null",
      stdout: "null",
    }).output();
    const err = new TextDecoder().decode(stderr);
    assert.equal(code, 0, err);
    assert.doesNotMatch(err, /warning|access/);
    assert.ok((await Deno.stat(`${dir}/loss-vs-lr.png`)).size > 1000);
  });
});
