//! Whatever a browser sends: what counts of it is a part of it, in characters that a page may show, and
//! every refusal has words.

use secd::wire::http::{RequestHead, end_of_head};

pub(crate) fn one(input: &[u8]) {
    // As the socket does: the head alone, and nothing without its end.
    let Some(end) = end_of_head(input, 0) else {
        assert!(RequestHead::parse(input).is_err());
        return;
    };
    match RequestHead::parse(&input[..end]) {
        Ok(head) => {
            assert!(head.path.starts_with('/') && !head.path.contains(['?', '#']));
            for part in [head.path, head.query] {
                assert!(part.bytes().all(|byte| byte.is_ascii_graphic()));
            }
            for part in [head.host, head.origin, head.fetch_site, head.last_event] {
                assert!(part.is_none_or(|it| !it.contains(['\r', '\n', '\0'])));
            }
            assert!(head.parameter("after").is_none_or(|it| head.query.contains(it)));
        }
        Err(malformed) => assert!(!malformed.to_string().is_empty()),
    }
}
