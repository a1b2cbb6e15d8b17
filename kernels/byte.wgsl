// byte: a byte of a corpus of bytes, 4 a u32, little end first.

fn byte(at: u32) -> u32 { return (load_corpus(at / 4u) >> (8u * (at & 3u))) & 255u; }
