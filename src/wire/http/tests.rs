use super::*;

fn head(text: &str) -> Result<AnswerHead, MalformedHead> {
    AnswerHead::parse(text.as_bytes())
}

fn framing(text: &str) -> Framing {
    head(text).unwrap().framing
}

#[test]
fn the_request_is_one_get_that_ends_the_connection() {
    let bytes = get("New_Zealand/g3-tones.xml.sgn", "192.0.2.1:6970");
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "GET /New_Zealand/g3-tones.xml.sgn HTTP/1.1",
            "Host: 192.0.2.1:6970",
            concat!("User-Agent: secd/", env!("CARGO_PKG_VERSION")),
            "Accept-Encoding: identity",
            "Connection: close",
            "",
        ]
    );
    assert!(text.ends_with("\r\n\r\n"));
}

/// As captured from nginx 1.22, Python 3.11 and busybox 1.35.
#[test]
fn answers_of_real_servers_are_read() {
    let nginx = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 29 Nov 2026 05:11:09 GMT\r\n\
        Content-Type: text/plain\r\nContent-Length: 5438\r\n\
        Last-Modified: Sun, 29 Nov 2026 05:11:01 GMT\r\nConnection: close\r\n\
        ETag: \"6b0bb3e5-153e\"\r\nAccept-Ranges: bytes\r\n\r\n";
    let python = "HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6 Python/3.11.7\r\n\
        Date: Sun, 29 Nov 2026 05:11:09 GMT\r\nContent-type: application/xml\r\n\
        Content-Length: 5438\r\nLast-Modified: Sun, 29 Nov 2026 05:11:01 GMT\r\n\r\n";
    for text in [nginx, python] {
        let expected =
            AnswerHead { status: 200, framing: Framing::Length(5438), coding: Coding::Identity };
        assert_eq!(head(text), Ok(expected));
        assert_eq!(end_of_head(text.as_bytes(), 0), Some(text.len()));
    }
    let busybox = "HTTP/1.1 404 Not Found\r\nDate: Sun, 29 Nov 2026 05:11:09 GMT\r\n\
        Connection: close\r\nContent-type: text/html\r\n\r\n";
    let expected =
        AnswerHead { status: 404, framing: Framing::UntilClose, coding: Coding::Identity };
    assert_eq!(head(busybox), Ok(expected));
}

#[test]
fn a_length_is_digits_and_there_once() {
    let with = |length: &str| format!("HTTP/1.1 200 OK\r\nContent-Length:{length}\r\n\r\n");
    assert_eq!(framing(&with(" 0")), Framing::Length(0));
    assert_eq!(framing(&with("\t18446744073709551615 ")), Framing::Length(u64::MAX));
    for odd in ["", " -1", " +1", " 1,1", " 1 1", " 0x10", " 1.0", " 18446744073709551616", " ٣"] {
        let wrong = MalformedHead::Header(WrongHeader::Length);
        assert_eq!(head(&with(odd)), Err(wrong), "{odd:?}");
    }
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-LENGTH: 1\r\n\r\n";
    assert_eq!(head(twice), Err(MalformedHead::Header(WrongHeader::Repeated("Content-Length"))));
}

#[test]
fn chunks_are_the_one_transfer_encoding() {
    let with = |rest: &str| format!("HTTP/1.1 200 OK\r\n{rest}\r\n\r\n");
    assert_eq!(framing(&with("Transfer-Encoding: CHUNKED")), Framing::Chunks);
    for (rest, wrong) in [
        ("Transfer-Encoding: gzip", WrongHeader::TransferEncoding),
        ("Transfer-Encoding: gzip, chunked", WrongHeader::TransferEncoding),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", WrongHeader::LengthAndChunks),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            WrongHeader::Repeated("Transfer-Encoding"),
        ),
    ] {
        assert_eq!(head(&with(rest)), Err(MalformedHead::Header(wrong)), "{rest}");
    }
    let old = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(head(old), Err(MalformedHead::Header(WrongHeader::OldChunks)));
}

#[test]
fn a_compressed_body_is_recognized() {
    let with = |coding: &str| {
        head(&format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n")).unwrap().coding
    };
    assert_eq!(with("Identity"), Coding::Identity);
    assert_eq!([with("gzip"), with("br"), with("identity, gzip")], [Coding::Other; 3]);
}

#[test]
fn what_is_not_a_head_is_refused_with_the_part_that_is_wrong() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
    for (text, says) in [
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "not an HTTP answer, by its version"),
        ("HTTP/2.0 200 OK\r\n\r\n", "not an HTTP answer, by its version"),
        ("HTTP/1.1 20 OK\r\n\r\n", "not an HTTP answer, by its status"),
        ("HTTP/1.1 099 OK\r\n\r\n", "not an HTTP answer, by its status"),
        ("HTTP/1.1 200 OK\r\nname : value\r\n\r\n", "not an HTTP answer, by a header"),
        ("HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", "not an HTTP answer, by a header"),
        ("HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n", "not an HTTP answer, by a header"),
        ("\r\n\r\n", "not an HTTP answer, by its lines"),
        (many.as_str(), "more than 64 headers"),
    ] {
        assert_eq!(head(text).map_err(|why| why.to_string()), Err(says.to_owned()), "{text:?}");
    }
}

#[test]
fn the_end_of_a_head_is_found_in_whatever_pieces_it_comes() {
    for text in ["a\r\n\r\nb", "a\n\nb", "a\r\n\nb", "a\n\r\nb"] {
        let end = end_of_head(text.as_bytes(), 0);
        assert_eq!(end, Some(text.len() - 1), "{text:?}");
        let found = (0..=text.len())
            .scan(0, |before, now| {
                Some(end_of_head(&text.as_bytes()[..now], std::mem::replace(before, now)))
            })
            .flatten()
            .next();
        assert_eq!(found, end, "{text:?}");
    }
    assert_eq!(end_of_head(b"a\r\n\rb\n", 0), None);
}

#[test]
fn a_chunk_begins_with_its_size() {
    let parse = |text: &str| ChunkLine::parse(text.as_bytes());
    assert_eq!(parse("1aF\r\nxyz"), Ok(Some(ChunkLine { length: 5, size: 0x1af })));
    assert_eq!(parse("5;name=\"value\"\r\n"), Ok(Some(ChunkLine { length: 16, size: 5 })));
    assert_eq!(parse("0\r\n"), Ok(Some(ChunkLine { length: 3, size: 0 })));
    assert_eq!([parse(""), parse("5"), parse("5\r")], [Ok(None); 3]);
    for bad in ["\r\n", "-5\r\n", " 5\r\n", "x\r\n", "5x\r\n", "11111111111111111\r\n", "5\n"] {
        assert_eq!(parse(bad), Err(BadChunk), "{bad:?}");
    }
    let long = format!("5;{}", "x".repeat(LONGEST_CHUNK_LINE));
    assert_eq!(parse(&long), Err(BadChunk));
}
