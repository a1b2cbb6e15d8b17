/** Mistakes with `judge`, whose tables come from anywhere. */
import type { Chapter, Mistake } from "./mistake.ts";

const GOOD = "lr,width,seed,val_loss\n0.001,64,0,3\n0.002,64,0,2\n0.001,128,0,3\n0.002,128,0,2\n";

/** A table, judged. */
const table = (did: string, text: string, ...flags: string[]): Mistake => ({
  did,
  args: ["judge", "DIR/sweep.csv", ...flags],
  files: { "sweep.csv": text },
});

const good = (did: string, ...flags: string[]): Mistake => table(did, GOOD, ...flags);

export const JUDGE: Chapter = {
  title: "`judge`",
  mistakes: [
    { did: "no table", args: ["judge"] },
    { did: "two tables", args: ["judge", "DIR/a.csv", "DIR/b.csv"] },
    { did: "a table that is not there", args: ["judge", "DIR/none.csv"] },
    { did: "a folder as table", args: ["judge", "DIR"] },
    table(
      "configurations in no column of a usual name",
      "lr,size of it,val_loss\n0.1,64,3\n0.2,64,2\n",
      ...["--reference", "64"],
    ),
    table("an empty table", ""),
    table("a table without rows", "lr,val_loss\n"),
    table("a file that is no text", "\0\0\0"),
    good("no reference among several"),
    good("a reference that there is not", "--reference", "512"),
    good("a column that there is not", "--knob", "eta", "--reference", "64"),
    table("no column of a rate", "rate,val_loss\n1,2\n"),
    table("no column of a loss", "lr,nll\n1,2\n"),
    table("two columns that may be the loss", "lr,val_loss,val/loss\n1,2,3\n"),
    table("two rates that vary", "lr,wd,val_loss\n1,1,2\n2,2,3\n"),
    table("a rate that is no number", "lr,val_loss\n0.1,3\nfast,2\n"),
    table("a rate of 0", "lr,val_loss\n0,3\n"),
    table("a logarithm as rate", "lr,val_loss\n-3,3\n"),
    table("a rate left out", "lr,val_loss\n,3\n"),
    table("a loss that is no number", "lr,val_loss\n0.1,low\n"),
    table("decimal commas between commas", 'lr,val_loss\n"0,1","3,2"\n'),
    table("a row with a cell too few", "lr,seed,val_loss\n0.1,3\n"),
    table("a run twice, and no seeds", "lr,val_loss\n0.1,3\n0.1,2\n"),
    table(
      "a run twice, by a column that was not named",
      "lr,seed,warmup,val_loss\n0.1,0,5,3\n0.1,0,5,3\n0.2,0,5,3\n0.2,0,9,2\n",
    ),
    {
      did: "a line that is no JSON",
      args: ["judge", "DIR/a.jsonl"],
      files: { "a.jsonl": '{"lr":1,"loss":2}\n{"lr":1' },
    },
    table(
      "more configurations than a figure holds",
      "lr,width,loss\n" + Array.from({ length: 101 }, (_, i) => `1,${i},2\n`).join(""),
      "--reference",
      "1",
    ),
    good("a scale of no configuration", "--reference", "64", "--scale", "512=2"),
    good("a scale that is none", "--reference", "64", "--scale", "128=0"),
    good("a scale of the reference", "--reference", "64", "--scale", "64=2"),
    good("a control without a value", "--reference", "64", "--control", "width"),
    good("a control that no row is", "--reference", "64", "--control", "width=512"),
    table(
      "all rows of the reference as controls",
      "lr,width,rule,val_loss\n1,64,sp,2\n1,128,mup,2\n",
      "--reference",
      "64",
      "--control",
      "rule=sp",
    ),
    good("a base that is none", "--log", "e"),
    good("a limit that is no number", "--tolerance", "some"),
    good("a limit below 0", "--min-regret=-1"),
    good("an empty flag", "--reference", ""),
    good("a folder to write to that is a file", "--reference", "64", "--out", "DIR/sweep.csv"),
  ],
};
