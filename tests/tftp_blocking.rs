//! The scripts of `tftp_socket` against the shell that needs no runtime.

#[path = "tftp_socket.rs"]
mod scripts;
