use super::*;

/// The file that an answer brings, in pieces of so many bytes and then the end of the connection.
fn read(answer: &[u8], limit: usize, piece: usize) -> Result<Vec<u8>, AnswerFailure> {
    let (mut file, mut machine) = (Vec::new(), Answer::new(limit));
    for bytes in answer.chunks(piece) {
        machine.on_bytes(bytes, &mut |bytes| file.extend_from_slice(bytes))?;
        assert!(machine.received() <= limit);
    }
    if !machine.is_complete() {
        machine.on_end()?;
    }
    assert_eq!(machine.received(), file.len());
    Ok(file)
}

#[track_caller]
fn brings(answer: &str, file: &str) {
    for piece in [1, 2, 3, 7, answer.len().max(1)] {
        let expected = Ok(file.as_bytes().to_vec());
        assert_eq!(read(answer.as_bytes(), 100, piece), expected, "pieces of {piece}: {answer}");
    }
}

#[track_caller]
fn fails(answer: &str, says: &str) {
    for piece in [1, 3, answer.len().max(1)] {
        let failure = read(answer.as_bytes(), 100, piece).expect_err("no file");
        assert_eq!(failure.to_string(), says, "pieces of {piece}: {answer}");
    }
}

#[test]
fn a_file_comes_by_its_length_by_chunks_or_by_the_end_of_the_connection() {
    brings("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", "abcde");
    brings("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "");
    brings("HTTP/1.0 200 OK\r\n\r\nabcde", "abcde");
    brings("HTTP/1.1 200 OK\n\nabcde", "abcde");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    brings(&format!("{chunked}3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "abcde");
    brings(&format!("{chunked}5\r\nabcde\r\n0\r\nETag: 1\r\nDate: now\r\n\r\n"), "abcde");
    brings(&format!("{chunked}0\r\n\r\n"), "");
}

#[test]
fn what_follows_the_file_is_not_part_of_it() {
    brings("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcde", "abc");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    brings(&format!("{chunked}3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nde"), "abc");
}

#[test]
fn interim_answers_are_passed_over() {
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    brings(&format!("{early}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"), "a");
    fails("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "reported status 101");
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    fails(&endless, "sent more than 16384 bytes before the file");
}

#[test]
fn another_status_brings_no_file() {
    let with = |status: u16| format!("HTTP/1.1 {status} Reason\r\nContent-Length: 4\r\n\r\npage");
    fails(&with(404), "does not have the file (status 404)");
    fails(&with(410), "does not have the file (status 410)");
    fails(&with(302), "redirects to another place, which is not followed (status 302)");
    for status in [201, 204, 206, 304, 401, 403, 500, 503] {
        fails(&with(status), &format!("reported status {status}"));
    }
}

#[test]
fn an_end_before_the_files_end_is_noticed() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    fails("", "broke off after 0 bytes");
    fails("HTTP/1.1 200 OK\r\nContent-Le", "broke off after 0 bytes");
    fails("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "broke off after 3 of 9 bytes");
    fails(&format!("{chunked}5\r\nabc"), "broke off after 3 bytes");
    fails(&format!("{chunked}3\r\nabc\r\n"), "broke off after 3 bytes");
    fails(&format!("{chunked}3\r\nabc\r\n0\r\n"), "broke off after 3 bytes");
}

#[test]
fn a_file_beyond_the_limit_is_refused_before_it_is_read_where_that_is_known() {
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n";
    fails(length, "has a file of 101 bytes, which exceeds the limit of 100");
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n";
    fails(huge, "has a file of 18446744073709551615 bytes, which exceeds the limit of 100");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let first = format!("63\r\n{}\r\n", "a".repeat(99));
    // How many chunks would follow is not known.
    let says = "has a file that exceeds the limit of 100 bytes";
    fails(&format!("{chunked}{first}2\r\n"), says);
    let until_close = format!("HTTP/1.0 200 OK\r\n\r\n{}", "a".repeat(101));
    fails(&until_close, "has a file that exceeds the limit of 100 bytes");
}

#[test]
fn a_malformed_answer_is_refused_with_its_fault() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let bad = "sent a malformed answer, a chunk does not begin with its size";
    fails(&format!("{chunked}x\r\n"), bad);
    fails(&format!("{chunked}3\r\nabcde\r\n0\r\n\r\n"), bad);
    fails(&format!("{chunked}3\r\nabc\r\n\r\n"), bad);
    fails(&format!("{chunked}3;{}\r\n", "x".repeat(200)), bad);
    fails("SSH-2.0-x\r\n\r\n", "sent a malformed answer, not an HTTP answer, by its version");
    fails(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
        "sent a compressed file, which was not requested",
    );
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(10_000));
    fails(&endless, "sent more than 16384 bytes before the file");
    let trailers = format!("{chunked}0\r\n{}", "a: b\r\n".repeat(10_000));
    fails(&trailers, "sent more than 16384 bytes before the file");
}
