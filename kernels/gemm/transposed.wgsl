// c += A^T B of a lane's register tile, for gemm.wgsl (TN)
//   A (K, rows), B (K, cols): K are tokens, or (GROUPED_K) the rows off[e] .. off[e+1] of an expert
//   GATHER_A/B: row r of A/B is the token perm[r] / per_token; GATED: A's is scaled by gate[perm[r]]
//   c${i}_${j}: row i, 4 columns j. A step of the loop takes 4 k; k ascends in every element of c.

  let first = 0u;                                                                #if !GROUPED_K
  let last = dims.k4;                                                            #if !GROUPED_K
  let first = load_off(replica * dims.off_replica + expert) / 4u;                #if GROUPED_K
  let last = load_off(replica * dims.off_replica + expert + 1u) / 4u;            #if GROUPED_K
  for (var k = first; k < last; k++) {
    // where 4 rows of A and B lie, and the rows of B
    #for kk in 0..4
    let r${kk} = k * 4u + ${kk}u;
    let p${kk} = load_perm(perm_at + r${kk});                                    #if GATHER_A || GATHER_B
    let t${kk} = select(p${kk} / dims.per_token, 0u, p${kk} == NONE);            #if GATHER_A || GATHER_B
    let s${kk} = select(load_gate(replica * dims.gate_replica + min(p${kk}, dims.gate_replica - 1u)), 0.0, p${kk} == NONE);   #if GATED
    let ar${kk} = a_at + t${kk} * dims.a_stride + row / 4u;                      #if GATHER_A
    let ar${kk} = a_at + r${kk} * dims.a_stride + row / 4u;                      #if !GATHER_A
    let br${kk} = b_at + t${kk} * dims.b_stride + col;                           #if GATHER_B
    let br${kk} = b_at + r${kk} * dims.b_stride + col;                           #if !GATHER_B
    let b${kk}_${j} = load_b(br${kk} + ${j}u);                                   #for j in 0..NV
    #end for kk
    // 4 rows of C at a time
    #for q in 0..TILE_ROWS / 4
    #for kk in 0..4
    let a${kk}_${q} = load_a(ar${kk} + ${q}u) * s${kk};                          #if GATED
    let a${kk}_${q} = load_a(ar${kk} + ${q}u);                                   #if !GATED
    #end for kk
    c${q * 4 + i}_${j} = fma(vec4<f32>(a${kk}_${q}[${i}]), b${kk}_${j}, c${q * 4 + i}_${j});   #for i in 0..4, j in 0..NV, kk in 0..4
    #end for q
  }
