//! Whatever a server answers, and in whatever pieces: the file keeps to the limit, the pieces make
//! no difference, and every failure has words.

use secd::proto::http::{Answer, AnswerFailure};
use secd::wire::http::UnfitBody;
use secd::wire::way::FileWay;

pub(crate) fn one(input: &[u8]) {
    let Some(([limit, piece], answer)) = input.split_first_chunk::<2>() else { return };
    let limit = 16 * usize::from(*limit);
    let whole = read(answer, limit, answer.len().max(1));
    let pieces = read(answer, limit, 1 + usize::from(*piece));
    assert_eq!(whole, pieces);
    match whole {
        Ok(file) => {
            let unfit = UnfitBody::of("SEP001122334455.cnf.xml", FileWay::Https, &file);
            assert_eq!(file.is_empty(), unfit == Some(UnfitBody::Empty));
        }
        Err(failure) => assert!(!failure.to_string().is_empty()),
    }
}

fn read(answer: &[u8], limit: usize, piece: usize) -> Result<Vec<u8>, AnswerFailure> {
    let (mut file, mut machine) = (Vec::new(), Answer::new(limit));
    for bytes in answer.chunks(piece) {
        machine.on_bytes(bytes, &mut |bytes| file.extend_from_slice(bytes))?;
        assert!(machine.received() <= limit && machine.received() == file.len());
        if let Some(announced) = machine.announced() {
            assert!(machine.received() <= announced && announced <= limit);
        }
    }
    if !machine.is_complete() {
        machine.on_end()?;
    }
    assert!(machine.is_complete());
    Ok(file)
}
