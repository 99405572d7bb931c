//! One TFTP read transfer, as a machine that neither sends nor waits.
