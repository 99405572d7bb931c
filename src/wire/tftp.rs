//! TFTP packets (RFC 1350) and their options (RFC 2347, 2348, 2349, 7440).
