/**
 * The page as a file: the frame of a report, its buttons, and all that it runs and reads. Nothing is
 * loaded from anywhere; the frame's content security policy forbids it.
 *
 * @module
 */
import { jsonSafe, scriptSafe } from "../reports/media/browser.ts";
import { page } from "../reports/media/page.ts";
import css from "./controls.css" with { type: "text" };
import { type Given, GIVEN_ID } from "./given.ts";

/** One thing the page can do: its buttons, and where it shows progress and what it found. */
function task(id: string, title: string, words: string, controls: string): string[] {
  return [
    `<section id="${id}" class="task">`,
    `<h2>${title}</h2>`,
    `<p class="soft">${words}</p>`,
    `<p class="controls">${controls} <span class="state" role="status"></span></p>`,
    '<div class="found"></div>',
    "</section>",
  ];
}

const button = (value: string, text: string) =>
  `<button type="button" value="${value}" disabled>${text}</button>`;

/**
 * The page.
 *
 * @param script of browser/main.ts, bundled @param charts scripts that draw, from `browserScripts`
 * @returns the whole file
 */
export function framedPage(script: string, charts: readonly string[], given: Given): string {
  const header = [
    "<h1>Measure this GPU</h1>",
    '<p class="soft">mue-bench in your browser: the same kernels, checked and timed here. Nothing ' +
    "leaves this page; a record is a file that you save.</p>",
  ];
  return page(
    "mue-bench: measure this GPU",
    header,
    [],
    { charts: [], scripts: [], problems: [] },
    [
      `<style>${css}</style>`,
      '<section id="adapter"><h2>This adapter</h2><div class="found"><p>Looking for one …</p></div></section>',
      ...task(
        "check",
        "Check the kernels",
        "Small models against PyTorch's float64: do the kernels compute the model here? One case takes " +
          "seconds; every case in every variant some minutes on a CPU.",
        button("short", "Check one case") + button("all", "Check every variant"),
      ),
      ...task(
        "train",
        "Train a small MoE",
        "Ten steps of a mixture of 8 experts, 2 of them active, on a text; the losses are those that " +
          "any other machine should find.",
        button("train", "Train ten steps"),
      ),
      ...task(
        "latency",
        "Measure latency",
        "MoE layers beside dense ones (the paper's Fig. 7). Smoke takes seconds and can tell nothing; " +
          "quick takes minutes; paper is for a GPU. Leave this tab in front meanwhile.",
        button("smoke", "Smoke") + button("quick", "Quick") + button("paper", "Paper") +
          button("stop", "Stop"),
      ),
      `<script type="application/json" id="${GIVEN_ID}">${jsonSafe(given)}</script>`,
      ...charts.map((text) => `<script>${text}</script>`),
      `<script type="module">${scriptSafe(script)}</script>`,
    ],
  );
}
