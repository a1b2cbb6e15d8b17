/**
 * The command line: `main.ts COMMAND [ARGS…]`. Each command is imported only when it is asked for.
 *
 * @module
 */

const HELP = `mue-bench COMMAND [options]

  bench           train, judge and report suites (the main job)
  check           records against everything that follows from their runs; no GPU
  compare         latency records of several machines side by side
  judge           a table of runs that any trainer made; no GPU
  merge           the shards of a bench as the bench of one machine; no GPU
  reproduce       some runs of a record trained again on this machine
  rule            the transfer rule as a table, for any pair of configurations; no GPU
  pack            a bench as one archive that goes with a paper
  parity          run parity cases made with PyTorch
  selftest        check every kernel variant on this adapter
  bench-kernels   time training steps, matrix products and a sweep by all workers
  page            the page that checks and times the kernels in a browser
  bench-peers     time other WebGPU libraries beside them

  deno task setup finds or installs an adapter, deno task npm makes the library's package.

Each has its own --help. As tasks: deno task bench, check, compare, judge, merge, pack,
reproduce, rule, parity, selftest, bench:kernels, bench:peers, page.
`;

/** Refuses a word that is no command. */
async function unknown(command: string): Promise<number> {
  const [{ reportError }, { UsageError }] = await Promise.all([
    import("./commands/exit_codes.ts"),
    import("./commands/arguments.ts"),
  ]);
  return reportError(new UsageError(`Cannot run ${command}: no such command; see --help`));
}

/** Runs a command and returns its exit code. */
export async function main([command, ...args]: string[]): Promise<number> {
  switch (command) {
    case "bench":
      return await (await import("./commands/bench.ts")).benchCommand(args);
    case "check":
      return await (await import("./commands/check.ts")).checkCommand(args);
    case "compare":
      return await (await import("./commands/compare.ts")).compareCommand(args);
    case "judge":
      return await (await import("./commands/judge.ts")).judgeCommand(args);
    case "merge":
      return await (await import("./commands/merge.ts")).mergeCommand(args);
    case "pack":
      return await (await import("./commands/pack.ts")).packCommand(args);
    case "reproduce":
      return await (await import("./commands/reproduce.ts")).reproduceCommand(args);
    case "rule":
      return await (await import("./commands/rule.ts")).ruleCommand(args);
    case "parity":
      return await (await import("./commands/parity.ts")).parityCommand(args);
    case "selftest":
      return await (await import("./commands/selftest.ts")).selftestCommand(args);
    case "bench-kernels":
      return await (await import("./commands/bench_kernels.ts")).benchKernelsCommand(args);
    case "bench-peers":
      return await (await import("./commands/bench_peers.ts")).benchPeersCommand(args);
    case "page":
      return await (await import("./commands/page.ts")).pageCommand(args);
    case "worker": // of a bench, which starts it
      return await (await import("./commands/workers.ts")).workerCommand(args);
    case undefined:
    case "help":
    case "--help":
    case "-h":
      console.log(HELP);
      return 0;
    default:
      return await unknown(command);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
