// A slot, row, tile or expert that belongs to nobody.

const NONE = 0xffffffffu;
