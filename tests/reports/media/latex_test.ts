import assert from "node:assert/strict";
import { escapeLatex, tablesLatex } from "../../../reports/media/latex.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { claimFixture } from "../claim_fixture.ts";
import { fixtureRecord } from "../fixture.ts";

const NASTY = "50% of $x_1 & {y} #2 \\end{table} ~^ <b> |\"' √ρ − ≤ 語";

const records = () => {
  const record = fixtureRecord();
  const judgements = record.findings.judgements.map((one, index) =>
    index === 0 ? { ...one, subject: NASTY, variant: NASTY } : one
  );
  return [
    fixtureRecord({ judgements, suite: { ...record.suite, id: "a_b%c", title: NASTY } }),
    claimFixture(),
  ];
};

/** What is wrong with a file of tables, read line by line. */
function latexFaults(text: string): string[] {
  const faults: string[] = [], open: string[] = [];
  let columns = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith("%")) continue;
    const plain = line.replace(/\\[\\&%$#_{}]/g, "");
    if (/[^\x20-\x7e]/.test(plain)) faults.push(`beyond ASCII: ${line}`);
    if (/[#~]|\^(?!2\$)/.test(plain) || /%./.test(plain)) faults.push(`unescaped: ${line}`);
    if ((plain.match(/\$/g)?.length ?? 0) % 2) faults.push(`$ is not closed: ${line}`);
    const [, begin] = /^\\begin\{(\w+)\}/.exec(line) ?? [];
    const [, end] = /^\\end\{(\w+)\}/.exec(line) ?? [];
    if (begin !== undefined) open.push(begin);
    if (end !== undefined && open.pop() !== end) faults.push(`${end} was not open`);
    if (begin === "tabular") {
      columns = line.slice(16).replace(/p\{[^}]*\}\}?/g, "p").replace(/[^lrp]/g, "").length;
    }
    const cells = line.replace(/\\&/g, "").split("&").length;
    if (line.endsWith("\\\\") && cells !== columns) faults.push(`${cells} of ${columns}: ${line}`);
    if (line.includes("_") && !/^\\label/.test(line) && plain.includes("_")) {
      faults.push(`unescaped _: ${line}`);
    }
  }
  return open.length > 0 ? [...faults, `${open} stays open`] : faults;
}

Deno.test("every table is a whole float with as many cells as columns and nothing unescaped", () => {
  for (const record of records()) assert.deepEqual(latexFaults(tablesLatex(reportOf(record))), []);
  const text = tablesLatex(reportOf(fixtureRecord()));
  assert.notDeepEqual(latexFaults(text.replace("\\end{tabular}", "")), []);
  assert.notDeepEqual(latexFaults(text.replace("transfer &", "transfer")), []);
  assert.notDeepEqual(latexFaults(text.replace("16e2a", "16_e2a")), []);
});

Deno.test("captions name the figure, the machine and the day", () => {
  const text = tablesLatex(reportOf(fixtureRecord()));
  const captions = text.split("\n").filter((line) => line.startsWith("\\caption"));
  assert.deepEqual(captions.map((line) => /\{(\w[^.]*)\./.exec(line)![1]), [
    "Verdicts",
    "Optima",
    "Beside the paper",
  ]);
  for (const caption of captions) {
    for (const part of ["the paper's Fig. 2a", "llvmpipe", "2026-11-24"]) {
      assert.ok(caption.includes(part), caption);
    }
  }
});

Deno.test("text stays text: specials are escaped, signs become math, the rest is named", () => {
  assert.equal(escapeLatex("5% − x_1"), "5\\% $-$ x\\_1");
  assert.equal(escapeLatex("\\a"), "\\textbackslash{}a");
  assert.equal(escapeLatex("語"), "[U+8A9E]");
});

const latex = await new Deno.Command("sh", { args: ["-c", "command -v pdflatex"] }).output();

Deno.test({
  name: "the tables compile where LaTeX is at hand",
  ignore: !latex.success,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const inputs = records().map((record, index) => {
        Deno.writeTextFileSync(`${folder}/tables${index}.tex`, tablesLatex(reportOf(record)));
        return `\\input{tables${index}}`;
      });
      await Deno.writeTextFile(
        `${folder}/paper.tex`,
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage{booktabs,graphicx}\n" +
          `\\begin{document}\n${inputs.join("\n")}\n\\end{document}\n`,
      );
      const { success, stdout } = await new Deno.Command("pdflatex", {
        args: ["-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd: folder,
      }).output();
      const log = new TextDecoder().decode(stdout);
      assert.ok(success, log.slice(-1500));
      assert.doesNotMatch(log, /^Overfull \\hbox/m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
