#!/usr/bin/env bash
#SBATCH --job-name=mue-bench
#SBATCH --array=1-8
#SBATCH --time=06:00:00
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --output=mue-bench-%A_%a.log
# A bench in eight array tasks, from the checkout (for a GPU add --gres=gpu:1):
#
#   parts=$(sbatch --parsable ci/slurm_array.sh paper)
#   sbatch --dependency=afterany:$parts --array=0 ci/slurm_array.sh paper
#
# Task 0 puts the parts together and judges; a task that was stopped goes on when submitted again.
# MUE_DIR is where parts lie (default: out/array), MUE_SUITES the suites (default: all), MUE_PARTS how
# many parts there are (default: 8, as in --array above; tasks are numbered from 1).
set -euo pipefail
profile=${1:-quick}
dir=${MUE_DIR:-out/array}
part=${SLURM_ARRAY_TASK_ID:?run it with sbatch}
parts=${MUE_PARTS:-8}
# a job's copy of this script lies elsewhere: the checkout is where it was submitted
cd "${SLURM_SUBMIT_DIR:-.}"
# compute nodes may have no home for caches, and no network: install on the login node first (deno task setup)
export MESA_SHADER_CACHE_DIR=${MESA_SHADER_CACHE_DIR:-$dir/shaders-$part}

if [ "$part" -eq 0 ]; then
  exec npx -y deno@2.9.6 task merge "$dir"/part-* --out "$dir/merged"
fi
read -r -a suites <<< "${MUE_SUITES:-}"
code=0
npx -y deno@2.9.6 task bench ${suites[@]+"${suites[@]}"} --profile "$profile" \
  --shard "$part/$parts" --out "$dir/part-$part" --workers "${SLURM_CPUS_PER_TASK:-1}" || code=$?
# a claim that fails in a part is no failure of the task: merging judges
[ "$code" -eq 1 ] && code=0
exit "$code"
