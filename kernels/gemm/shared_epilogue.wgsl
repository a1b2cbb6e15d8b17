// C = epilogue(alpha * c): how the registers of gemm_shared.wgsl's lanes leave
//   SWIGLU, DSWIGLU, RESIDUAL, GATED: those of epilogue.wgsl, where they are explained; C, r, gu and
//   hidden have the shapes they have there
//   CUT: C is a slab (z, parts, rows, cols) of partial products, without alpha; its sum and alpha are
//   gemm_reduce.wgsl's
// A lane holds rows 4 * (y + LY * v) + e and columns x + LX * j of the workgroup's tile. No sums here.
// Rows and columns past the edge are not stored.

  let alpha = 1.0;                                                                          #if CUT
  let alpha = load_scales(replica * dims.scale_stride + dims.scale_slot);                   #if !CUT
  let c_at = group.z * dims.c_replica;                                                      #if CUT
  let c_at = dims.c_base + replica * dims.c_replica + expert * dims.c_expert;               #if !CUT && GROUPED_K
  let c_at = dims.c_base + replica * dims.c_replica;                                        #if !CUT && !GROUPED_K
  let row${v * 4 + e} = first_row + (y + ${v * LY}u) * 4u + ${e}u;                          #for v in 0..VR, e in 0..4
  #for i in 0..VR * 4
  if (row${i} < dims.rows) {
    let at${i} = c_at + row${i} * dims.c_stride;
    let scale${i} = alpha * gate_of(dims, replica, load_perm(replica * dims.perm_replica + row${i}));   #if GATED && !TN
    let scale${i} = alpha;                                                                  #if !GATED || TN
    #for j in 0..CV
    let col${j} = first_col + x + ${j * LX}u;
    if (col${j} < dims.cols4) {
      #if SWIGLU
      let s = sigmoid(c${i}_0);
      let act = c${i}_0 * s;
      store_c(at${i} + col${j}, c${i}_1 * (s + act * (1.0 - s)));
      store_c(at${i} + dims.cols4 + col${j}, act);
      store_hidden(replica * dims.hidden_replica + row${i} * dims.cols4 + col${j}, act * c${i}_1);
      #elif DSWIGLU
      let dh = scale${i} * c${i}_${j};
      store_c(at${i} + col${j}, dh * load_gu(at${i} + col${j}));
      store_c(at${i} + dims.cols4 + col${j}, dh * load_gu(at${i} + dims.cols4 + col${j}));
      #elif RESIDUAL
      store_c(at${i} + col${j}, load_r(at${i} - dims.c_base + dims.r_base + col${j}) + scale${i} * c${i}_${j});
      #else
      store_c(at${i} + col${j}, scale${i} * c${i}_${j});
      #end if SWIGLU
    }
    #end for j
  }
  #end for i
