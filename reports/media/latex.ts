/**
 * `tables.tex`: the tables of a report for a paper, to be read with `\input`. Each is a float with a
 * caption that names figure, machine and date, and stays within the line's width.
 *
 * @module
 */
import { sentence } from "../words/phrases.ts";
import { picturesOf } from "../sections/section.ts";
import type { Block, Report } from "../sections/section.ts";

const SPECIAL: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
};

/** Characters beyond ASCII that reports write; any other is named by its code point. */
const MATH: Record<string, string> = {
  "−": "-",
  "±": "\\pm",
  "≤": "\\le",
  "≥": "\\ge",
  "≈": "\\approx",
  "×": "\\times",
  "·": "\\cdot",
  "√": "\\sqrt{\\ }",
  "→": "\\to",
  "…": "\\ldots",
  "ρ": "\\rho",
  "η": "\\eta",
  "µ": "\\mu",
  "μ": "\\mu",
  "²": "^2",
};
const TEXT: Record<string, string> = { "–": "--", "—": "---", "’": "'", "“": "``", "”": "''" };

/** Text that LaTeX sets as it is. */
export function escapeLatex(text: string): string {
  return [...text.replace(/\s+/g, " ")].map((char) => {
    if (/[&%$#_{}]/.test(char)) return `\\${char}`;
    if (char >= " " && char <= "~") return SPECIAL[char] ?? char;
    if (char in MATH) return `$${MATH[char]}$`;
    return TEXT[char] ?? `[U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`;
  }).join("");
}

/** Longer cells are broken into lines. */
const LONG = 40;

function tableLines({ head }: Report, title: string, block: Block & { kind: "table" }) {
  const { table, caption, stem } = block;
  const row = (cells: string[]) => `  ${cells.map(escapeLatex).join(" & ")} \\\\`;
  const columns = table.head.map((_, column) => {
    const cells = table.rows.map((cells) => cells[column]);
    if (cells.some((text) => text.length > LONG)) return "p{0.3\\linewidth}";
    return cells.every((text) => /^(?:[−+±≤≥— ]|\d)/.test(text)) ? "r" : "l";
  });
  const after = head.after.charAt(0).toLowerCase() + head.after.slice(1);
  const made = `${head.title}, ${after}. ${head.machine}, ${head.createdAt.slice(0, 10)}.`;
  return [
    "\\begin{table}[htbp]",
    `\\caption{${escapeLatex(`${sentence(title)} ${sentence(made)} ${caption}`.trim())}}`,
    `\\label{tab:${head.id}-${stem}}`.replace(/[^\w\\{}:-]/g, "-"),
    "\\vspace{4pt}\\centering\\footnotesize",
    "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%",
    `\\begin{tabular}{${columns.join("")}}`,
    "  \\toprule",
    row(table.head),
    "  \\midrule",
    ...table.rows.map(row),
    "  \\bottomrule",
    "\\end{tabular}}",
    "\\end{table}",
    "",
  ];
}

/** Where a picture is; its file is another's to place. */
const pictureLine = (name: string, title: string): string =>
  `% ${title}: \\includegraphics{${name}.png}`.replace(/\s+/g, " ");

/** The file: every table that the report does not fold, and where its pictures are. */
export function tablesLatex(report: Report): string {
  return [
    "% \\usepackage[T1]{fontenc}, booktabs and graphicx are needed",
    ...picturesOf(report).map(({ name, title }) => pictureLine(name, title)),
    ...report.sections.flatMap(({ title, blocks }) =>
      blocks.flatMap((block) =>
        block.kind === "table" && block.table.rows.length > 0
          ? tableLines(report, title, block)
          : []
      )
    ),
  ].join("\n");
}
