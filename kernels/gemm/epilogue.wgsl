// C = epilogue(alpha * c): how gemm.wgsl's register tile leaves
//   SWIGLU:   c holds g, then u; hidden = silu(g) * u (rows, cols), and C = its two slopes
//             [u * silu'(g) | silu(g)] (rows, 2 cols), so that the backward pass needs no exp
//   DSWIGLU:  c is d(hidden); C = [dg | du] = d(hidden) * the stored slopes gu (rows, 2 cols)
//   RESIDUAL: C = r + alpha * c, r (rows, cols) with C's strides
//   GATED:    alpha is scaled by gate[perm[row]], 0 for a padding row (TN scales A's rows instead)
//   else:     C = alpha * c
// No sums here. Rows and columns past the edge are not stored.

  let alpha = load_scales(replica * dims.scale_stride + dims.scale_slot);
  let c_at = dims.c_base + replica * dims.c_replica + expert * dims.c_expert;    #if GROUPED_K
  let c_at = dims.c_base + replica * dims.c_replica;                             #if !GROUPED_K
  // OUT rows leave, and the next ones move up; a loop over a dim, so that it stays one: the code, and
  // the time to compile it, stay small
  for (var first = 0u; first < dims.tile_height; first += ${OUT}u) {
  #for i in 0..OUT
  let row${i} = row + first + ${i}u;
  if (row${i} < dims.rows) {
    let at${i} = c_at + row${i} * dims.c_stride + col;
    #if GATED && !TN
    let slot${i} = load_perm(perm_at + row${i});
    let scale${i} = alpha * select(load_gate(replica * dims.gate_replica + min(slot${i}, dims.gate_replica - 1u)), 0.0, slot${i} == NONE);
    #else
    let scale${i} = alpha;
    #end if GATED
    #for j in 0..CV
    if (col + ${j}u < dims.cols4) {
      #if SWIGLU
      let s = sigmoid(c${i}_${j});
      let act = c${i}_${j} * s;
      store_c(at${i} + ${j}u, c${i}_${j + CV} * (s + act * (1.0 - s)));
      store_c(at${i} + dims.cols4 + ${j}u, act);
      store_hidden(replica * dims.hidden_replica + row${i} * dims.cols4 + col + ${j}u,
        act * c${i}_${j + CV});
      #elif DSWIGLU
      let dh = scale${i} * c${i}_${j};
      store_c(at${i} + ${j}u, dh * load_gu(at${i} + ${j}u));
      store_c(at${i} + dims.cols4 + ${j}u, dh * load_gu(at${i} + dims.cols4 + ${j}u));
      #elif RESIDUAL
      store_c(at${i} + ${j}u, load_r(at${i} - dims.c_base + dims.r_base + ${j}u) + scale${i} * c${i}_${j});
      #else
      store_c(at${i} + ${j}u, scale${i} * c${i}_${j});
      #end if SWIGLU
    }
    #end for j
  }
  #end for i
    c${i - OUT}_${j} = c${i}_${j};      #for i in OUT..TILE_ROWS, j in 0..NV
  }
